//! From settings to the clients of a destination: a server, or the pretend one inside this process.

use super::error::Error;
use super::sandbox;
use crate::api::{Client, Connection, ReadClient, ReadConnection};
use crate::config::{Destination, ReadApiSettings, RunArgs, RunSettings};
use crate::domain::ChangedRecord;
use crate::sandbox::Sandbox;
use crate::targets::ReadBackOptions;

/// A destination that can be sent to.
pub(super) struct ConnectedDestination {
    pub(super) client: Client,
    pub(super) read_back: Option<ReadBackOptions>,
    /// How its read API is reached, which the server inside this process always has.
    pub(super) reading: Option<ReadConnection>,
    /// By which the ledger knows it.
    pub(super) name: String,
    /// The server inside this process.
    pub(super) server: Option<Sandbox>,
}

/// Makes the clients, and starts the server inside this process if it is asked for. Nothing is sent.
pub(super) async fn connect(
    run: &RunArgs,
    settings: &RunSettings,
) -> Result<ConnectedDestination, Error> {
    let (connection, read_api, server) = match &settings.destination {
        Destination::Server(connection) => (
            Connection::clone(connection),
            settings.reading.clone(),
            None,
        ),
        Destination::Sandbox { faults, v2_page } => {
            let (server, token) = sandbox::inside(faults.as_deref(), *v2_page).await?;
            let connection = settings.sandbox_connection(&server.url(), &token)?;
            let read_api = RunSettings::sandbox_reading(run, &connection);
            (connection, Some(read_api), Some(server))
        }
    };
    // A rehearsal of changes needs what an import needs for them.
    let changes = server.is_some() && run.effort.changed() == ChangedRecord::Send;
    let is_asked = run.destination.read.url.is_some() || changes;
    Ok(ConnectedDestination {
        name: run.destination.name()?,
        client: Client::new(&connection)?,
        read_back: (read_api.as_ref())
            .filter(|_| is_asked)
            .map(read_back)
            .transpose()?,
        reading: read_api.map(|read_api| read_api.connection),
        server,
    })
}

fn read_back(reading: &ReadApiSettings) -> Result<ReadBackOptions, Error> {
    Ok(ReadBackOptions {
        client: ReadClient::new(&reading.connection)?,
        settle: reading.settle,
    })
}
