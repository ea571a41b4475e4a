//! A mapping bound to one export: records in, drafts out.

pub(super) mod asked_keys;
pub(super) mod audio_names;
pub(super) mod audio_pattern;
pub(super) mod binder;
pub(super) mod call;
pub(super) mod case;
pub(super) mod columns;
pub(super) mod convert;
pub(super) mod convert_list;
pub(super) mod legs;
pub(super) mod merge;
pub(super) mod nested;
pub(super) mod newest;
pub(super) mod plain;
pub(super) mod privacy;
pub(super) mod privacy_trial;
pub(super) mod ranking;
pub(super) mod record_scope;
pub(super) mod respelled;
pub(super) mod rule;
pub(super) mod skip;
pub(super) mod skip_verdicts;
pub(super) mod text;
pub(super) mod unused_consent;
pub(super) mod watch;
pub(super) mod watched_keys;
