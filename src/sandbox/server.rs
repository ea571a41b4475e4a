//! Listening, and stopping again.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::accept;
use super::faults::rules::{Faults, FaultsError};
use super::options::SandboxOptions;
use super::shared::Shared;
use super::snapshot::Snapshot;
use super::token_file::TokenFileError;
use super::v2_page::V2Page;

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address can be reached from other machines, which was not allowed.
    #[error("{0} is not a loopback address")]
    NotLoopback(IpAddr),
    /// Without a token nothing could be refused.
    #[error("the token is blank")]
    BlankToken,
    /// The faults ask for something impossible.
    #[error(transparent)]
    Faults(#[from] FaultsError),
    /// The token cannot be written for scripts.
    #[error(transparent)]
    TokenFile(#[from] TokenFileError),
    /// The address is taken or not this machine's.
    #[error("cannot listen on {address}: {source} (--port 0 takes a free port)")]
    Bind {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// A running sandbox. It serves until it is stopped or dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    stopping: CancellationToken,
    /// The one task that accepts, which owns the tasks of all connections.
    acceptor: JoinSet<()>,
}

/// Listens as `options` say and returns at once; requests are served by tasks of the sandbox.
pub async fn start(options: SandboxOptions) -> Result<Sandbox, Error> {
    if !options.listen.is_loopback() && !options.allow_remote {
        return Err(Error::NotLoopback(options.listen));
    }
    if options.token.trim().is_empty() {
        return Err(Error::BlankToken);
    }
    options.faults.check()?;
    let address = SocketAddr::new(options.listen, options.port);
    let refused = |source| Error::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let shared = Arc::new(Shared::new(options, address.port()));
    let stopping = CancellationToken::new();
    let mut acceptor = JoinSet::new();
    acceptor.spawn(accept::accept(
        listener,
        Arc::clone(&shared),
        stopping.clone(),
        accept::most(),
    ));
    Ok(Sandbox {
        address,
        shared,
        stopping,
        acceptor,
    })
}

impl Sandbox {
    /// What a client takes as its base, without a slash at the end.
    pub fn url(&self) -> String {
        let host = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(host, self.address.port()))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that arrived so far.
    pub fn snapshot(&self) -> Snapshot {
        self.shared.state().snapshot_of_all()
    }

    /// The page of version 2 that it keeps to.
    pub fn v2_page(&self) -> V2Page {
        self.shared.options.v2_page
    }

    /// How many conversations lost each field, because the page of version 2 does not have its name.
    pub fn lost_fields(&self) -> BTreeMap<&'static str, u64> {
        self.shared.state().lost.clone()
    }

    /// Lets other things go wrong from the next request on; what was counted stays.
    pub fn set_faults(&self, faults: Faults) -> Result<(), Error> {
        faults.check()?;
        self.shared.state().plan = faults;
        Ok(())
    }

    /// Forgets everything that arrived; requests and seconds are counted anew for the faults.
    pub fn reset(&self) {
        self.shared.state().reset();
    }

    #[cfg(test)]
    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Takes no more connections, gives requests under way a second, then ends them all.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        while self.acceptor.join_next().await.is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::faults::rules::{Fault, FaultRule};
    use crate::sandbox::test_support::{Given, TOKEN, conversation};

    async fn refusal(options: SandboxOptions) -> Error {
        start(options).await.expect_err("refused")
    }

    #[tokio::test]
    async fn only_loopback_is_listened_on_unless_it_is_allowed() {
        let anywhere = SandboxOptions {
            listen: IpAddr::from([0, 0, 0, 0]),
            ..SandboxOptions::new(TOKEN)
        };
        assert!(matches!(
            refusal(anywhere.clone()).await,
            Error::NotLoopback(_)
        ));
        let allowed = SandboxOptions {
            allow_remote: true,
            ..anywhere
        };
        let sandbox = start(allowed).await.expect("a sandbox");
        assert!(sandbox.url().starts_with("http://127.0.0.1:"));
    }

    #[tokio::test]
    async fn a_blank_token_and_impossible_faults_are_refused() {
        let error = refusal(SandboxOptions::new(" ")).await;
        assert!(matches!(error, Error::BlankToken));
        let faults = Faults::default().with(FaultRule::new(Fault::status(1)));
        let error = refusal(SandboxOptions::new(TOKEN).with_faults(faults)).await;
        assert!(matches!(error, Error::Faults(_)));
    }

    #[tokio::test]
    async fn a_taken_port_is_named() {
        let first = start(SandboxOptions::new(TOKEN)).await.expect("a sandbox");
        let second = SandboxOptions {
            port: first.address().port(),
            ..SandboxOptions::new(TOKEN)
        };
        match refusal(second).await {
            Error::Bind { address, .. } => assert_eq!(address, first.address()),
            error => panic!("{error}"),
        }
    }

    #[tokio::test]
    async fn the_token_is_never_printed() {
        let sandbox = start(SandboxOptions::new(TOKEN)).await.expect("a sandbox");
        assert!(!format!("{:?}", SandboxOptions::new(TOKEN)).contains(TOKEN));
        assert!(!format!("{sandbox:?}").contains(TOKEN));
    }

    #[tokio::test]
    async fn faults_can_be_healed() {
        let given = Given::fault(Fault::status(503)).await;
        assert_eq!(given.create("v2", &conversation("a")).await.status, 503);
        let impossible = Faults::default().with(FaultRule::new(Fault::status(1)));
        assert!(given.sandbox.set_faults(impossible).is_err());
        given.sandbox.reset();
        assert_eq!(given.create("v2", &conversation("a")).await.status, 503);
        given
            .sandbox
            .set_faults(Faults::default())
            .expect("possible");
        assert_eq!(given.create("v2", &conversation("a")).await.status, 200);
        let snapshot = given.sandbox.snapshot();
        assert_eq!(snapshot.conversations[0].creates, 2);
    }

    #[tokio::test]
    async fn a_stopped_sandbox_listens_no_more() {
        let given = Given::sandbox().await;
        given.create("v2", &conversation("a")).await;
        let address = given.sandbox.address();
        given.sandbox.stop().await;
        assert!(tokio::net::TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn a_stop_does_not_wait_for_what_never_ends() {
        let given = Given::fault(Fault::Latency {
            milliseconds: 600_000,
            jitter_milliseconds: 0,
        })
        .await;
        let Given { sandbox, client } = given;
        let request = client
            .post(format!("{}/v2/conversation", sandbox.url()))
            .header("authorization", TOKEN)
            .json(&conversation("a"));
        let shared = Arc::clone(&sandbox.shared);
        let stop = async {
            while shared.state().under_way == 0 {
                tokio::task::yield_now().await;
            }
            sandbox.stop().await;
        };
        let (answer, ()) = tokio::join!(request.send(), stop);
        assert!(answer.is_err());
    }
}
