//! Second files: what the export does not say but its keys lead to.

pub(super) mod agent_table;
pub(super) mod agents;
pub(super) mod json;
pub(super) mod missed;
pub(super) mod rows;
pub(super) mod second_file;
pub(super) mod table;
