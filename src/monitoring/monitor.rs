//! The thread on which a run is watched, from before its first request until after its end.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::access::Access;
use super::answer::Answerer;
use super::board::RunBoard;
use super::error::MonitoringError;
use super::metrics_file::MetricsFile;
use super::options::MonitoringOptions;
use super::server;

/// Those who watch a run.
#[derive(Debug)]
pub struct Monitor {
    board: Arc<RunBoard>,
    address: Option<SocketAddr>,
    file: Option<MetricsFile>,
    linger: Duration,
    stopping: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Monitor {
    /// Opens the doors. What cannot be had is told before anything is sent.
    pub fn start(options: MonitoringOptions) -> Result<Monitor, MonitoringError> {
        let board = Arc::new(RunBoard::default());
        let listener = options.listen.map(listen).transpose()?;
        let address = listener.as_ref().and_then(|it| it.local_addr().ok());
        let file = (options.file)
            .map(|path| MetricsFile::create(path, &board))
            .transpose()?;
        let stopping = CancellationToken::new();
        let access = address.map(|address| Access::new(address, options.token.as_ref()));
        let doors = Doors {
            server: listener.zip(access),
            file: file.clone(),
            board: Arc::clone(&board),
        };
        let thread = doors.attend(stopping.clone())?;
        Ok(Monitor {
            board,
            address,
            file,
            linger: options.linger,
            stopping,
            thread: Some(thread),
        })
    }

    /// Where the run writes its figures.
    pub fn board(&self) -> &Arc<RunBoard> {
        &self.board
    }

    /// Where requests are answered.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The run has ended so: the file gets its last version, and whoever asks is answered for as long as was set.
    /// Resolves when the doors are to be closed.
    pub async fn ended(&self, exit: u8) {
        self.board.ended(exit);
        if let Some(file) = &self.file {
            file.write_or_tell(&self.board, true);
        }
        if self.address.is_some() {
            tokio::time::sleep(self.linger).await;
        }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.stopping.cancel();
        if let Some(thread) = self.thread.take() {
            // It ends at once; had it panicked, the run would stand all the same.
            let _ = thread.join();
        }
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, MonitoringError> {
    let refused = |source| MonitoringError::Listen { address, source };
    let listener = TcpListener::bind(address).map_err(refused)?;
    listener.set_nonblocking(true).map_err(refused)?;
    Ok(listener)
}

/// What the thread looks after.
struct Doors {
    server: Option<(TcpListener, Access)>,
    file: Option<MetricsFile>,
    board: Arc<RunBoard>,
}

impl Doors {
    fn attend(self, stopping: CancellationToken) -> Result<JoinHandle<()>, MonitoringError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(MonitoringError::Thread)?;
        let thread = std::thread::Builder::new().name("monitoring".to_owned());
        let spawned = thread.spawn(move || runtime.block_on(self.until(stopping)));
        spawned.map_err(MonitoringError::Thread)
    }

    async fn until(self, stopping: CancellationToken) {
        let mut tasks = JoinSet::new();
        if let Some((listener, access)) = self.server {
            let answerer = Answerer {
                access,
                board: Arc::clone(&self.board),
            };
            tasks.spawn(server::serve(listener, Arc::new(answerer)));
        }
        if let Some(file) = self.file {
            let board = Arc::clone(&self.board);
            tasks.spawn(async move { file.keep(&board).await });
        }
        stopping.cancelled().await;
        tasks.shutdown().await;
    }
}
