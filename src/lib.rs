//! Moves a call centre's history, and then each night's calls, into Capturi.
//!
//! The road of a record runs through the rooms from top to bottom, and a room may only use rooms
//! above it (`tests/it/structure` holds the table). `ARCHITECTURE.md` tells the whole story.

pub mod api;
pub mod cli;
pub mod config;
pub mod delivery;
pub mod domain;
pub mod failpoint;
pub mod ledger;
pub mod mapping;
pub mod pipeline;
pub mod plan;
pub mod recordings;
pub mod report;
pub mod sandbox;
pub mod source;
