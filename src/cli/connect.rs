//! From settings to the clients of a destination: a server, or the pretend one inside this process.

use super::error::Error;
use super::sandbox;
use crate::api::{Client, Connection, ReadClient};
use crate::config::{Destination, ReadApiSettings, RunArgs, RunSettings};
use crate::sandbox::Sandbox;
use crate::targets::ReadBackOptions;

/// A destination that can be sent to.
pub(super) struct ConnectedDestination {
    pub(super) client: Client,
    pub(super) read_back: Option<ReadBackOptions>,
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
    let (connection, reading, server) = match &settings.destination {
        Destination::Server(connection) => (
            Connection::clone(connection),
            settings.reading.clone(),
            None,
        ),
        Destination::Sandbox { faults, v2_page } => {
            let (server, token) = sandbox::inside(faults.as_deref(), *v2_page).await?;
            let connection = settings.sandbox_connection(&server.url(), &token)?;
            let reading = RunSettings::sandbox_reading(run, &connection);
            (connection, reading, Some(server))
        }
    };
    Ok(ConnectedDestination {
        name: run.destination.name()?,
        client: Client::new(&connection)?,
        read_back: reading.as_ref().map(read_back).transpose()?,
        server,
    })
}

fn read_back(reading: &ReadApiSettings) -> Result<ReadBackOptions, Error> {
    Ok(ReadBackOptions {
        client: ReadClient::new(&reading.connection)?,
        settle: reading.settle,
    })
}
