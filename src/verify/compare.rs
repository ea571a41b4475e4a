//! One comparison: through the pages of the read API, then to single calls, then waiting.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::judge::Judge;
use super::options::VerifyOptions;
use crate::api::{ConversationList, ListPage};
use crate::delivery::sender::read_sender::{ReadFailure, ReadSender};
use crate::events::{StopReason, StopSignal};
use crate::ledger::{
    KnownConversation, KnownDays, LedgerOpenError, Sighting, VerifyBook, VerifyCounts,
    VerifyOutcome,
};

/// So many calls are looked up one by one, and no more: a million calls are compared with about a hundred
/// requests.
const SINGLE_LOOKS: u64 = 15;

/// So many missing calls are looked at once more before they are put back.
const MOST_CONFIRMED: u64 = 10_000;

/// A server's word for a place in its list that is longer than this is not kept; the listing then begins
/// anew after a kill.
const LONGEST_TOKEN: usize = 8_192;

/// How much of the time before the last change is asked for again: clocks and lists are not exact.
const OVERLAP: Duration = Duration::from_secs(2);

/// How a comparison ended.
#[derive(Debug, Clone)]
pub struct Compared {
    /// How the calls compare.
    pub counts: VerifyCounts,
    /// The `api-version` that answered.
    pub version: Option<String>,
    /// Questions that were answered.
    pub requests: u64,
    /// The server has no `list-full`, so that the calls were listed by `list-delta`.
    pub by_changes: bool,
}

/// Compares the calls of the book with the destination. What ends it early is told by `stop`.
pub async fn verify(
    book: &mut VerifyBook,
    options: &VerifyOptions,
    stop: &Arc<StopSignal>,
) -> Result<Compared, LedgerOpenError> {
    let judge = Judge {
        key: book.content_key()?,
        settle: options.settle,
    };
    let mut comparison = Verification {
        book,
        options,
        judge,
        sender: ReadSender::new(options.pace, options.limits, Arc::clone(stop)),
        stop,
        requests: 0,
        last_change: None,
    };
    comparison.carry_out().await?;
    Ok(Compared {
        requests: comparison.requests,
        version: options.client.version().map(str::to_owned),
        by_changes: options.client.lacks_full(),
        counts: comparison.book.counts()?,
    })
}

/// The list of the days of the calls. Both ends are open where calls whose day is not known are too many to be
/// looked at one by one.
fn of_days(days: KnownDays, lacks_full: bool) -> ConversationList<'static> {
    let is_open = days.unknown > if lacks_full { 0 } else { SINGLE_LOOKS };
    let edge = |day: Option<i64>, by: i64| {
        let second = day?.checked_add(by)?.checked_mul(86_400)?;
        Timestamp::from_second(second).ok().filter(|_| !is_open)
    };
    // The ledger counts days by the clock of the call, and the list by that of the server. To `list-full` the
    // whole of its last day belongs, and to `list-delta` the moment.
    let after = if lacks_full { 2 } else { 1 };
    ConversationList::Days(edge(days.first, -1), edge(days.last, after))
}

struct Verification<'a> {
    book: &'a mut VerifyBook,
    options: &'a VerifyOptions,
    judge: Judge,
    sender: ReadSender,
    stop: &'a StopSignal,
    requests: u64,
    /// The latest change that the server told.
    last_change: Option<Timestamp>,
}

impl Verification<'_> {
    async fn carry_out(&mut self) -> Result<(), LedgerOpenError> {
        let began = Timestamp::now();
        let is_listed = self.book.known()? > SINGLE_LOOKS;
        if is_listed && !self.list().await? {
            return Ok(());
        }
        if !self.look_at_unseen().await? {
            return Ok(());
        }
        // Single calls are found by their uids alone there, which shows nothing twice.
        if self.options.client.lacks_full() && !is_listed && !self.list().await? {
            return Ok(());
        }
        self.book.settle()?;
        self.wait(began).await?;
        if self.options.confirms_missing && !self.stop.is_raised() {
            self.confirm_missing().await?;
        }
        Ok(())
    }

    /// Looks once more at what is missing: what is put back must be provably gone.
    async fn confirm_missing(&mut self) -> Result<(), LedgerOpenError> {
        let missing = self
            .book
            .with_outcome(VerifyOutcome::Missing, MOST_CONFIRMED + 1)?;
        if missing.len() as u64 > MOST_CONFIRMED {
            let why = format!(
                "more than {MOST_CONFIRMED} calls are missing: is this the right destination? Name those that are \
                 to be put back with --only"
            );
            self.stop.raise(StopReason::Limit, why);
            return Ok(());
        }
        for call in missing {
            if !self.look_at(call).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Goes through the list of the calls' days; `false` when the comparison is to stop.
    async fn list(&mut self) -> Result<bool, LedgerOpenError> {
        let days = self.book.days()?;
        let mut token = self.book.place().0.map(str::to_owned);
        let mut is_resumed = token.is_some();
        loop {
            let lacks_full = self.options.client.lacks_full();
            let all = of_days(days, lacks_full);
            let wanted = token.as_deref().map_or(all, ConversationList::NextDays);
            let page = match self.ask(wanted).await {
                // That answer said so; `list-delta` is asked instead.
                Err(ReadFailure::Refused { .. })
                    if self.options.client.lacks_full() != lacks_full =>
                {
                    tracing::warn!(
                        "the read API has no list-full; its calls are listed by list-delta"
                    );
                    continue;
                }
                // A place of an earlier day may mean nothing any more.
                Err(ReadFailure::Refused { .. }) if is_resumed => {
                    is_resumed = false;
                    token = None;
                    continue;
                }
                answer => match self.or_stop(answer) {
                    Some(page) => page,
                    None => return Ok(false),
                },
            };
            is_resumed = false;
            let next = page
                .continuation_token
                .clone()
                .filter(|token| !token.is_empty());
            let seen = self.judged(&page)?;
            let kept = next.as_deref().filter(|token| token.len() <= LONGEST_TOKEN);
            self.book.note_page(&seen, kept)?;
            if next.is_none() {
                return Ok(true);
            }
            if next == token {
                let why = "the read API: a page of its list leads to itself";
                self.stop.raise(StopReason::GaveUp, why);
                return Ok(false);
            }
            token = next;
        }
    }

    /// Looks once more at what no page has shown, if it is little.
    async fn look_at_unseen(&mut self) -> Result<bool, LedgerOpenError> {
        let unseen = self.book.unseen(SINGLE_LOOKS + 1)?;
        if unseen.len() as u64 > SINGLE_LOOKS {
            return Ok(true);
        }
        for call in unseen {
            if !self.look_at(call).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Looks at one call; what is seen now counts. `false` when the comparison is to stop.
    async fn look_at(&mut self, call: KnownConversation) -> Result<bool, LedgerOpenError> {
        let client = &self.options.client;
        let uid = call.uid.as_deref();
        let answer = self
            .sender
            .ask(|| client.list_one(&call.identity, uid))
            .await;
        self.requests += u64::from(answer.is_ok());
        let page = match self.or_stop(answer) {
            Some(Some(page)) => page,
            // What the list has shown of it counts.
            Some(None) => return Ok(true),
            None => return Ok(false),
        };
        let seen = self.judged(&page)?;
        let of_call = seen.into_iter().filter(|(known, _)| *known == call);
        let together = of_call.map(|(_, sighting)| sighting).reduce(Sighting::with);
        let sighting = together.unwrap_or_default();
        self.book.note_anew(&[(call, sighting)])?;
        Ok(true)
    }

    /// Asks what has changed until nothing is being worked on, or the time is over. A run may have the ledger
    /// meanwhile.
    async fn wait(&mut self, began: Timestamp) -> Result<(), LedgerOpenError> {
        let until = Instant::now() + self.options.wait;
        let pause =
            (self.options.wait / 100).clamp(Duration::from_secs(1), Duration::from_secs(60));
        while Instant::now() < until && self.is_waiting()? {
            self.book.release();
            tokio::select! {
                () = self.stop.raised() => return Ok(()),
                () = tokio::time::sleep_until(until.min(Instant::now() + pause)) => {}
            }
            while !self.book.retake()? {
                tokio::select! {
                    () = self.stop.raised() => return Ok(()),
                    () = tokio::time::sleep(pause) => {}
                }
            }
            if !self.look_at_changes(began).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    fn is_waiting(&self) -> Result<bool, LedgerOpenError> {
        let waiting = self.book.with_outcome(VerifyOutcome::Waiting, 1)?;
        Ok(!waiting.is_empty())
    }

    async fn look_at_changes(&mut self, began: Timestamp) -> Result<bool, LedgerOpenError> {
        let last = self.last_change.unwrap_or(began);
        let since = last.checked_sub(OVERLAP).unwrap_or(last);
        let mut token: Option<String> = None;
        loop {
            let changed = ConversationList::ChangedSince(since);
            let wanted = token
                .as_deref()
                .map_or(changed, ConversationList::NextChanged);
            let answer = self.ask(wanted).await;
            let Some(page) = self.or_stop(answer) else {
                return Ok(false);
            };
            let seen = self.judged(&page)?;
            self.book.note_later(&seen)?;
            let next = page.continuation_token.filter(|token| !token.is_empty());
            if next.is_none() || next == token {
                return Ok(true);
            }
            token = next;
        }
    }

    async fn ask(&mut self, wanted: ConversationList<'_>) -> Result<ListPage, ReadFailure> {
        let client = &self.options.client;
        let answer = self.sender.ask(|| client.list(wanted)).await;
        if answer.is_ok() {
            self.requests += 1;
        }
        answer
    }

    /// The answer, or nothing when the comparison is to stop.
    fn or_stop<T>(&self, answer: Result<T, ReadFailure>) -> Option<T> {
        match answer {
            Ok(answer) => Some(answer),
            Err(ReadFailure::Stopped) => None,
            Err(ReadFailure::Refused { why, .. }) => {
                let why = format!("the read API refused to list conversations: {why}");
                self.stop.raise(StopReason::GaveUp, why);
                None
            }
        }
    }

    /// What these conversations say of the calls that are compared.
    fn judged(
        &mut self,
        page: &ListPage,
    ) -> Result<Vec<(KnownConversation, Sighting)>, LedgerOpenError> {
        let mut seen = Vec::new();
        for told in page.conversations() {
            self.last_change = self.last_change.max(told.last_changed());
            let Some(identity) = told.external_identity() else {
                continue;
            };
            if let Some(call) = self.book.find(identity)? {
                let sighting = self.judge.judge(&call, &told);
                seen.push((call, sighting));
            }
        }
        Ok(seen)
    }
}
