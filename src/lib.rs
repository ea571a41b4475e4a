//! Moves a call centre's history, and then each night's calls, into Capturi.
//!
//! A record goes through the folders from first to last, and a folder may only use those
//! before it (`tests/it/structure` holds the table). `ARCHITECTURE.md` tells the whole story.

pub mod api;
pub mod canary;
pub mod cli;
pub mod config;
pub mod delivery;
pub mod doctor;
pub mod domain;
pub mod events;
pub mod evidence;
pub mod failpoint;
mod import;
pub mod ledger;
pub mod mapping;
pub mod monitoring;
pub mod pipeline;
pub mod recordings;
pub mod report;
pub mod sandbox;
pub mod source;
pub mod stores;
pub mod targets;
pub mod verify;
