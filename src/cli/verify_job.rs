//! One comparison with the destination: by itself, or after a run.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use super::error::{Error, LedgerError};
use super::exit_code::Exit;
use super::signals;
use crate::domain::counted;
use crate::events::StopSignal;
use crate::ledger::{Reopened, VerifyBook, VerifyScope};
use crate::report::{ListForm, Screen, Style, VerifyList, VerifySummary, safe};
use crate::verify::{self, VerifyOptions};

/// One comparison with the destination.
pub(super) struct VerifyJob {
    pub(super) options: VerifyOptions,
    /// By which the ledger knows the destination.
    pub(super) destination: String,
    pub(super) ledger: PathBuf,
    pub(super) scope: VerifyScope,
    /// Where its files go, if anywhere.
    pub(super) out: Option<PathBuf>,
    pub(super) lists: ListForm,
    pub(super) style: Style,
    /// Opens again what is missing; without, that is only told.
    pub(super) carries_repair_out: bool,
}

impl VerifyJob {
    /// Compares, tells what was found and writes the files.
    pub(super) async fn carry_out(&self, screen: &mut Screen) -> Result<Exit, Error> {
        let mut book = VerifyBook::open(&self.ledger, &self.destination, &self.scope)?;
        let summary = self.compare(&mut book).await?;
        if self.style == Style::Json {
            screen.say(&summary.to_json().to_string());
        } else {
            summary.print(screen);
        }
        self.write_files(&book, &summary, screen)?;
        if self.options.confirms_missing && summary.stop.is_none() {
            let reopened = book.reopen(self.carries_repair_out);
            let reopened = reopened.map_err(LedgerError::Use)?;
            self.tell_repair(reopened, screen);
        }
        book.close().map_err(LedgerError::Use)?;
        let stop = summary.stop.as_ref().map(|(stop, _)| *stop);
        Ok(Exit::of_verify(stop, &summary.counts))
    }

    async fn compare(&self, book: &mut VerifyBook) -> Result<VerifySummary, Error> {
        let stop = Arc::new(StopSignal::new());
        let started = Timestamp::now();
        let compared = tokio::select! {
            biased;
            never = signals::on_signals(&stop) => never,
            compared = verify::verify(book, &self.options, &stop) => {
                compared.map_err(LedgerError::Open)?
            }
        };
        Ok(VerifySummary {
            counts: compared.counts,
            stop: stop.reason(),
            destination: self.destination.clone(),
            read_version: compared.version,
            requests: compared.requests,
            by_changes: compared.by_changes,
            started,
            seconds: Timestamp::now().duration_since(started).as_secs_f64(),
        })
    }

    fn write_files(
        &self,
        book: &VerifyBook,
        summary: &VerifySummary,
        screen: &mut Screen,
    ) -> Result<(), Error> {
        let Some(out) = &self.out else {
            return Ok(());
        };
        let mut list = VerifyList::create(out, &self.ledger, self.lists)?;
        book.unverified(|line| {
            list.add(&line)?;
            Ok::<(), Error>(())
        })?;
        let mut written = vec![list.finish()?, summary.add_to_summary(out, &self.ledger)?];
        written.push(summary.add_to_page(out, &self.ledger)?);
        if self.style == Style::Human {
            for path in written {
                screen.say(&format!("wrote {}", path.display()));
            }
        }
        Ok(())
    }

    /// Says what is missing for certain, and how it is sent again.
    fn tell_repair(&self, found: Reopened, screen: &mut Screen) {
        let Reopened {
            conversations,
            recordings,
            deleted,
        } = found;
        if self.style == Style::Json {
            let repair = json!({
                "conversations": conversations,
                "recordings": recordings,
                "deleted": deleted,
                "is_opened": self.carries_repair_out,
            });
            screen.say(&json!({ "repair": repair }).to_string());
            return;
        }
        if deleted > 0 {
            screen.say(&format!(
                "Deleted in Capturi: {}; verify leaves them alone.",
                counted(deleted, "conversation")
            ));
        }
        if conversations + recordings == 0 {
            screen.say("Nothing that can be sent again is missing.");
            return;
        }
        let head = if self.carries_repair_out {
            "opened in the ledger"
        } else {
            "plan"
        };
        screen.say(&format!(
            "{head}: {} gone; their calls are sent again",
            counted(conversations, "conversation")
        ));
        screen.say(&format!(
            "{head}: {} missing; they are uploaded again",
            counted(recordings, "recording")
        ));
        if !self.carries_repair_out {
            screen.say(
                "Nothing was changed. Add --yes to open these calls in the ledger; a run then sends them.",
            );
            return;
        }
        let mut ledger = self.ledger.display().to_string();
        let is_plain = |letter: char| letter.is_alphanumeric() || "/._-".contains(letter);
        if !ledger.chars().all(is_plain) {
            ledger = format!("'{}'", ledger.replace('\'', r"'\''"));
        }
        screen.say(&format!(
            "Nothing was sent. Send these calls with the flags of the import; calls that are there stay as they are:\n  \
             capturi-import run EXPORT -m MAPPING --audio FOLDER --ledger {} --base-url {}",
            safe(&ledger),
            safe(&self.destination)
        ));
    }
}
