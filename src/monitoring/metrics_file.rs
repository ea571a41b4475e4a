//! The file of metrics, for a collector that reads text files (`node_exporter`): a run of the night ends before
//! anybody asks it. It is written beside its place and renamed, so that nobody reads half of it.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::board::RunBoard;
use super::error::MonitoringError;
use super::families;

/// Time between two versions.
const BETWEEN: Duration = Duration::from_secs(15);

/// How every version begins.
const OWN: &[u8] = b"# HELP capturi_import_";

/// A file that is written again and again.
#[derive(Debug, Clone)]
pub(super) struct MetricsFile {
    path: PathBuf,
    /// Two threads write: whoever comes second has the later figures.
    writing: Arc<Mutex<()>>,
}

impl MetricsFile {
    /// Writes it for the first time, so that a wrong place is told before anything is sent.
    pub(super) fn create(path: PathBuf, board: &RunBoard) -> Result<MetricsFile, MonitoringError> {
        let file = MetricsFile {
            path,
            writing: Arc::default(),
        };
        match expect_own(&file.path).and_then(|()| file.write(board)) {
            Ok(()) => Ok(file),
            Err(source) => Err(MonitoringError::File {
                path: file.path,
                source,
            }),
        }
    }

    /// Writes it every so often, for ever. What cannot be written is told once, and tried again.
    pub(super) async fn keep(self, board: &RunBoard) {
        let mut was_written = true;
        loop {
            tokio::time::sleep(BETWEEN).await;
            was_written = self.write_or_tell(board, was_written);
        }
    }

    /// Writes it; tells why not if that is new.
    pub(super) fn write_or_tell(&self, board: &RunBoard, was_written: bool) -> bool {
        let written = self.write(board);
        if let (Err(error), true) = (&written, was_written) {
            let path = self.path.display();
            tracing::warn!("--metrics-file: {path} was not written, and the run goes on: {error}");
        }
        written.is_ok()
    }

    fn write(&self, board: &RunBoard) -> io::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = self.path.parent().filter(|it| *it != Path::new(""));
        let mut builder = tempfile::Builder::new();
        // Collectors read names that end in `.prom`; this one does not.
        let builder = builder.prefix(".capturi-import-").suffix(".tmp");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // The collector is another user, and no figure is personal.
            builder.permissions(fs::Permissions::from_mode(0o644));
        }
        let mut file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(families::plain_text(board.latest()).as_bytes())?;
        file.flush()?;
        file.persist(&self.path)?;
        Ok(())
    }
}

/// An error if something else is in the place, such as an export.
fn expect_own(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        // Opening a pipe waits, and a device would be replaced.
        Ok(found) if !found.is_file() => {
            return Err(io::Error::other(
                "it is no regular file; choose another file name",
            ));
        }
        Ok(_) => {}
    }
    let mut head = Vec::new();
    fs::File::open(path)?
        .take(OWN.len() as u64)
        .read_to_end(&mut head)?;
    if head.is_empty() || head == OWN {
        return Ok(());
    }
    Err(io::Error::other(
        "it is there and holds no metrics of this program; choose another file name",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("capturi.prom");
        let board = RunBoard::default();
        let file = MetricsFile::create(path.clone(), &board).unwrap();
        board.ended(3);
        assert!(file.write_or_tell(&board, true));
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("\ncapturi_import_exit_code 3\n"), "{text}");
        assert!(text.ends_with('\n') && !text.contains("# UNIT"), "{text}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = path.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o644);
        }
    }

    #[test]
    fn what_is_no_file_of_metrics_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.csv");
        fs::write(&path, "id,phone\n").unwrap();
        let refused = MetricsFile::create(path.clone(), &RunBoard::default());
        assert!(matches!(refused, Err(MonitoringError::File { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "id,phone\n");
        fs::write(&path, "").unwrap();
        for _ in 0..2 {
            MetricsFile::create(path.clone(), &RunBoard::default()).unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn neither_a_device_is_replaced_nor_a_pipe_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        for path in [pipe, PathBuf::from("/dev/null")] {
            let refused = MetricsFile::create(path, &RunBoard::default());
            assert!(matches!(refused, Err(MonitoringError::File { .. })));
        }
    }

    #[test]
    fn a_place_that_cannot_be_written_is_told() {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            folder.path().to_owned(),
            folder.path().join("none/file.prom"),
        ] {
            let refused = MetricsFile::create(path, &RunBoard::default());
            assert!(matches!(refused, Err(MonitoringError::File { .. })));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
