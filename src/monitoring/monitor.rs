//! The thread on which a run is watched, from before its first request until after its end.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

#[cfg(unix)]
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::access::Access;
use super::answer::Answerer;
use super::board::RunBoard;
#[cfg(unix)]
use super::control_order::ControlledRun;
#[cfg(unix)]
use super::control_server;
#[cfg(unix)]
use super::control_socket::ControlSocket;
use super::error::MonitoringError;
use super::metrics_file::MetricsFile;
use super::notification::Occasion;
use super::notifier::NotifyOptions;
use super::options::MonitoringOptions;
use super::server;

/// Those who watch a run.
#[derive(Debug)]
pub struct Monitor {
    board: Arc<RunBoard>,
    address: Option<SocketAddr>,
    file: Option<MetricsFile>,
    notify: Option<NotifyOptions>,
    linger: Duration,
    #[cfg(unix)]
    operators: mpsc::Sender<Operated>,
    /// All is sent, and the run obeys nobody any more.
    is_sent: CancellationToken,
    /// The run has ended.
    is_over: CancellationToken,
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
        let (stopping, is_over) = (CancellationToken::new(), CancellationToken::new());
        let is_sent = is_over.child_token();
        #[cfg(unix)]
        let (operators, operated) = mpsc::channel(1);
        let access = address.map(|address| Access::new(address, options.token.as_ref()));
        let doors = Doors {
            server: listener.zip(access),
            file: file.clone(),
            notify: options.notify.clone(),
            board: Arc::clone(&board),
            #[cfg(unix)]
            operated,
            is_sent: is_sent.clone(),
            is_over: is_over.clone(),
        };
        let thread = doors.attend(stopping.clone())?;
        Ok(Monitor {
            board,
            address,
            file,
            notify: options.notify,
            linger: options.linger,
            #[cfg(unix)]
            operators,
            is_sent,
            is_over,
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

    /// From now on the run obeys whoever reaches this socket.
    #[cfg(unix)]
    pub fn obey(&self, socket: ControlSocket, run: ControlledRun) {
        // There is one run, and one place for it.
        let _ = self.operators.try_send(Operated { socket, run });
    }

    /// Nothing more is sent, whoever wants to steer that.
    pub fn disobey(&self) {
        self.is_sent.cancel();
    }

    /// The run has ended so: the file gets its last version, and whoever asks is answered for as long as was set.
    /// Resolves when the doors are to be closed.
    pub async fn ended(&self, exit: u8) {
        self.is_over.cancel();
        self.board.ended(exit);
        if let Some(file) = &self.file {
            file.write_or_tell(&self.board, true);
        }
        if let Some(notify) = &self.notify {
            let state = self.board.latest();
            notify.tell(&state, Occasion::of_end(&state)).await;
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

/// A run and the socket over which it is steered.
#[cfg(unix)]
#[derive(Debug)]
struct Operated {
    socket: ControlSocket,
    run: ControlledRun,
}

/// What the thread looks after.
struct Doors {
    server: Option<(TcpListener, Access)>,
    file: Option<MetricsFile>,
    notify: Option<NotifyOptions>,
    board: Arc<RunBoard>,
    #[cfg(unix)]
    operated: mpsc::Receiver<Operated>,
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is nobody to obey"))]
    is_sent: CancellationToken,
    is_over: CancellationToken,
}

impl Doors {
    fn attend(self, stopping: CancellationToken) -> Result<JoinHandle<()>, MonitoringError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(MonitoringError::Thread)?;
        let thread = std::thread::Builder::new().name("monitoring".to_owned());
        let spawned = thread.spawn(move || {
            runtime.block_on(self.until(stopping));
            // A name that is still looked up holds nobody up.
            runtime.shutdown_background();
        });
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
        if let Some(notify) = self.notify {
            let (board, is_over) = (Arc::clone(&self.board), self.is_over.clone());
            tasks.spawn(async move {
                tokio::select! {
                    () = is_over.cancelled() => {}
                    () = notify.watch(&board) => {}
                    () = notify.beat() => {}
                }
            });
        }
        #[cfg(unix)]
        tasks.spawn(obey(self.operated, self.is_sent));
        stopping.cancelled().await;
        tasks.shutdown().await;
    }
}

/// Obeys the operator until all is sent.
#[cfg(unix)]
async fn obey(mut operated: mpsc::Receiver<Operated>, is_sent: CancellationToken) {
    if let Some(Operated { socket, run }) = operated.recv().await {
        tokio::select! {
            () = is_sent.cancelled() => {}
            () = control_server::listen(socket, run) => {}
        }
    }
}
