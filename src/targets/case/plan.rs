//! The next step of a case.
//!
//! To replace a case can be repeated: the API overwrites it with all its messages. To add a message
//! cannot: a message that was added twice stands in the case twice. So whatever is in doubt is
//! settled by replacing, wherever the export holds every message that was ever sent.

use crate::ledger::{CaseHashes, CaseState, MessageHashes};
use crate::mapping::CaseSending;

/// A case as the export has it.
#[derive(Debug, Clone, Copy)]
pub(in crate::targets) struct ExportedCase<'w> {
    /// What it says.
    pub hashes: CaseHashes,
    /// The hash of those of its own fields that a change can carry.
    pub changeable: u128,
    /// Its messages, in the order of time.
    pub messages: &'w [MessageHashes],
    /// Whether the export holds whole cases, so that a message that it lacks is gone.
    pub is_whole: bool,
    /// How it goes out.
    pub sending: CaseSending,
}

/// How a message is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageEndpoint {
    /// With the case's own fields, which overwrite those of the server.
    WithCase,
    /// Alone, because the server has newer fields.
    Alone,
}

/// The next step of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseStep {
    /// Send it with all its messages, in place of what is there.
    Replace,
    /// Add these messages, by their places, in this order.
    Add {
        /// The messages that the server lacks, or may lack.
        which: Vec<usize>,
        /// How they go.
        carrier: MessageEndpoint,
    },
    /// Only the case's own fields are new.
    Change,
    /// Nothing is left to do.
    Nothing,
    /// The server has a later state of it, or one of the same time that came after this one.
    Older,
}

/// The next step of a case of which the ledger knows `state`.
pub(in crate::targets) fn case_step(
    state: Option<&CaseState>,
    wanted: &ExportedCase<'_>,
) -> CaseStep {
    let Some(known) = state else {
        return match wanted.sending {
            CaseSending::Whole => CaseStep::Replace,
            CaseSending::Each => CaseStep::Add {
                which: (0..wanted.messages.len()).collect(),
                carrier: MessageEndpoint::WithCase,
            },
        };
    };
    match wanted.sending {
        CaseSending::Whole if is_complete(known, wanted) => whole(known, wanted),
        _ => each(known, wanted),
    }
}

/// Whether the case may be replaced when the answer to a message is lost: the export has every
/// message that was ever sent, and no older state than the server.
pub(in crate::targets) fn may_replace(
    state: Option<&CaseState>,
    wanted: &ExportedCase<'_>,
) -> bool {
    state.is_none_or(|known| !is_older(known, wanted) && is_complete(known, wanted))
}

/// Whether the export has every message that was ever sent.
fn is_complete(known: &CaseState, wanted: &ExportedCase<'_>) -> bool {
    let has = |hash: &u64| wanted.messages.iter().any(|message| message.hash == *hash);
    wanted.is_whole || known.messages.keys().all(has)
}

fn is_older(known: &CaseState, wanted: &ExportedCase<'_>) -> bool {
    known.exists && wanted.hashes.updated < known.hashes.updated
}

/// Whether the server had this very state, and has another of the same time since: the one that was
/// sent last counts, else the two would take turns in every run.
fn is_replaced(known: &CaseState, wanted: &ExportedCase<'_>) -> bool {
    let is_of_one_time = known.exists && wanted.hashes.updated == known.hashes.updated;
    let was_there = |state: u128| known.replaced.contains(&state);
    is_of_one_time && (was_there(wanted.hashes.state()) || was_there(wanted.changeable))
}

/// Whether the server has these fields of the case, or those of them that it takes for a case that is there.
fn has_fields(known: &CaseState, wanted: &ExportedCase<'_>) -> bool {
    let fields = known.hashes.fields;
    fields == wanted.hashes.fields || fields == wanted.changeable
}

fn whole(known: &CaseState, wanted: &ExportedCase<'_>) -> CaseStep {
    let is_settled = known.exists && !known.in_doubt;
    if is_settled && known.hashes.content == wanted.hashes.content {
        CaseStep::Nothing
    } else if is_settled && (is_older(known, wanted) || is_replaced(known, wanted)) {
        CaseStep::Older
    } else {
        CaseStep::Replace
    }
}

fn each(known: &CaseState, wanted: &ExportedCase<'_>) -> CaseStep {
    let is_older =
        is_older(known, wanted) || (is_replaced(known, wanted) && !has_fields(known, wanted));
    let is_in_doubt = known.in_doubt || known.messages.values().any(|it| !it.is_added);
    let has_changed = wanted.messages.iter().any(|message| {
        let sent = known.messages.get(&message.hash);
        sent.is_some_and(|sent| message.has_changed_since(sent))
    });
    if may_replace(Some(known), wanted) && (is_in_doubt || has_changed) {
        return CaseStep::Replace;
    }
    let lacks = |message: &MessageHashes| {
        let sent = known.messages.get(&message.hash);
        sent.is_none_or(|sent| !sent.is_added)
    };
    let messages = wanted.messages.iter().enumerate();
    let which: Vec<usize> = messages
        .filter(|(_, message)| lacks(message))
        .map(|(index, _)| index)
        .collect();
    if !which.is_empty() {
        let carrier = if is_older {
            MessageEndpoint::Alone
        } else {
            MessageEndpoint::WithCase
        };
        CaseStep::Add { which, carrier }
    } else if has_fields(known, wanted) && !known.in_doubt {
        CaseStep::Nothing
    } else if is_older {
        CaseStep::Older
    } else {
        CaseStep::Change
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::ledger::MessageState;

    const A: MessageHashes = MessageHashes { hash: 1, mark: 1 };
    const B: MessageHashes = MessageHashes { hash: 2, mark: 2 };
    const C: MessageHashes = MessageHashes { hash: 3, mark: 3 };

    /// What tells the hash of the changeable fields from that of all.
    const CHANGEABLE: u128 = 1 << 100;

    fn hashes(fields: u128, updated: i64) -> CaseHashes {
        CaseHashes {
            fields,
            content: fields + 100,
            updated,
        }
    }

    fn known(
        fields: u128,
        updated: i64,
        added: &[MessageHashes],
        doubtful: &[MessageHashes],
    ) -> CaseState {
        let messages = added
            .iter()
            .map(|it| (it, true))
            .chain(doubtful.iter().map(|it| (it, false)));
        CaseState {
            exists: !added.is_empty(),
            hashes: hashes(fields, updated),
            messages: messages
                .map(|(it, is_added)| {
                    (
                        it.hash,
                        MessageState {
                            mark: it.mark,
                            is_added,
                        },
                    )
                })
                .collect(),
            ..CaseState::new(Timestamp::UNIX_EPOCH)
        }
    }

    fn step(
        state: Option<&CaseState>,
        sending: CaseSending,
        hashes: CaseHashes,
        messages: &[MessageHashes],
    ) -> CaseStep {
        let is_whole = sending == Whole;
        case_step(
            state,
            &ExportedCase {
                hashes,
                changeable: hashes.fields + CHANGEABLE,
                messages,
                is_whole,
                sending,
            },
        )
    }

    fn add(which: &[usize], carrier: MessageEndpoint) -> CaseStep {
        CaseStep::Add {
            which: which.to_vec(),
            carrier,
        }
    }

    use CaseSending::{Each, Whole};

    #[test]
    fn a_new_case_goes_out_as_the_mapping_says() {
        assert_eq!(step(None, Whole, hashes(1, 1), &[A]), CaseStep::Replace);
        assert_eq!(
            step(None, Each, hashes(1, 1), &[A, B]),
            add(&[0, 1], MessageEndpoint::WithCase)
        );
    }

    #[test]
    fn a_whole_case_is_sent_again_when_it_changed_and_never_rolled_back() {
        let there = known(1, 5, &[A, B], &[]);
        assert_eq!(
            step(Some(&there), Whole, hashes(1, 5), &[A, B]),
            CaseStep::Nothing
        );
        for updated in [5, 6] {
            assert_eq!(
                step(Some(&there), Whole, hashes(2, updated), &[A, B, C]),
                CaseStep::Replace
            );
        }
        assert_eq!(
            step(Some(&there), Whole, hashes(2, 4), &[A]),
            CaseStep::Older
        );
        let doubtful = CaseState {
            in_doubt: true,
            ..there
        };
        assert_eq!(
            step(Some(&doubtful), Whole, hashes(1, 5), &[A, B]),
            CaseStep::Replace
        );
    }

    #[test]
    fn of_states_of_one_time_the_one_that_was_sent_last_stays() {
        let mut there = known(2, 5, &[A], &[]);
        there.replaced = vec![hashes(1, 5).content];
        let decide = |hashes: CaseHashes| step(Some(&there), Whole, hashes, &[A]);
        assert_eq!(decide(hashes(1, 5)), CaseStep::Older);
        assert_eq!(decide(hashes(2, 5)), CaseStep::Nothing);
        // What was never sent is new, and so is a later state that says the same as an old one.
        assert_eq!(decide(hashes(3, 5)), CaseStep::Replace);
        assert_eq!(decide(hashes(1, 6)), CaseStep::Replace);
        let doubtful = CaseState {
            in_doubt: true,
            ..there.clone()
        };
        let settled = step(Some(&doubtful), Whole, hashes(1, 5), &[A]);
        assert_eq!(settled, CaseStep::Replace, "nobody knows what is there");
        // The fields of rows, too.
        let fields = |fields| CaseHashes {
            content: 0,
            ..hashes(fields, 5)
        };
        there.hashes = fields(2);
        there.replaced = vec![1];
        assert_eq!(step(Some(&there), Each, fields(1), &[A]), CaseStep::Older);
        assert_eq!(
            step(Some(&there), Each, fields(1), &[B]),
            add(&[0], MessageEndpoint::Alone)
        );
        assert_eq!(step(Some(&there), Each, fields(3), &[A]), CaseStep::Change);
    }

    #[test]
    fn message_by_message_only_what_is_new_goes_out() {
        let there = known(1, 5, &[A, B], &[]);
        assert_eq!(
            step(Some(&there), Each, hashes(1, 5), &[A, B]),
            CaseStep::Nothing
        );
        assert_eq!(
            step(Some(&there), Each, hashes(1, 5), &[B]),
            CaseStep::Nothing
        );
        assert_eq!(
            step(Some(&there), Each, hashes(2, 6), &[B, C]),
            add(&[1], MessageEndpoint::WithCase)
        );
        assert_eq!(
            step(Some(&there), Each, hashes(2, 6), &[B]),
            CaseStep::Change
        );
        assert_eq!(
            step(Some(&there), Each, hashes(2, 4), &[B]),
            CaseStep::Older
        );
        assert_eq!(
            step(Some(&there), Each, hashes(2, 4), &[C]),
            add(&[0], MessageEndpoint::Alone)
        );
    }

    #[test]
    fn what_a_change_could_carry_is_not_sent_again_and_is_not_the_whole_case() {
        let mut there = known(1, 5, &[A], &[]);
        there.hashes = CaseHashes {
            fields: 1 + CHANGEABLE,
            content: 0,
            updated: 5,
        };
        let each = |fields, messages| step(Some(&there), Each, hashes(fields, 5), messages);
        assert_eq!(each(1, &[A]), CaseStep::Nothing);
        assert_eq!(each(2, &[A]), CaseStep::Change);
        assert_eq!(each(1, &[B]), add(&[0], MessageEndpoint::WithCase));
        // Where all messages are known, the fields that no change carries go out as well.
        let whole = step(Some(&there), Whole, hashes(1, 5), &[A]);
        assert_eq!(whole, CaseStep::Replace);
        there.replaced = vec![1 + CHANGEABLE];
        there.hashes.fields = 1;
        let late = step(Some(&there), Each, hashes(1, 5), &[B]);
        assert_eq!(late, add(&[0], MessageEndpoint::WithCase), "it is the same");
        // The state that a change has brought is taken back by no row of the same time.
        there.hashes.fields = 7;
        there.replaced = vec![1 + CHANGEABLE];
        let older = step(Some(&there), Each, hashes(1, 5), &[A]);
        assert_eq!(older, CaseStep::Older);
    }

    #[test]
    fn a_message_in_doubt_is_settled_by_replacing_where_all_are_known() {
        let doubtful = known(1, 5, &[A], &[B]);
        assert_eq!(
            step(Some(&doubtful), Each, hashes(1, 5), &[A, B]),
            CaseStep::Replace
        );
        assert_eq!(
            step(Some(&doubtful), Each, hashes(1, 5), &[A, B, C]),
            CaseStep::Replace
        );
        let rest = step(Some(&doubtful), Each, hashes(1, 5), &[B, C]);
        assert_eq!(
            rest,
            add(&[0, 1], MessageEndpoint::WithCase),
            "A would be lost"
        );
        let first = known(0, 0, &[], &[A]);
        assert_eq!(
            step(Some(&first), Each, hashes(1, 5), &[A, B]),
            CaseStep::Replace
        );
    }

    #[test]
    fn an_edited_message_replaces_the_case_where_all_are_known() {
        let there = known(1, 5, &[A, B], &[]);
        let edited = MessageHashes { mark: 9, ..B };
        assert_eq!(
            step(Some(&there), Each, hashes(1, 5), &[A, edited]),
            CaseStep::Replace
        );
        assert_eq!(
            step(Some(&there), Each, hashes(1, 5), &[edited]),
            CaseStep::Nothing
        );
    }

    #[test]
    fn rows_of_a_case_replace_it_only_when_they_are_all_there() {
        let there = known(1, 5, &[A, B], &[]);
        let wanted = ExportedCase {
            hashes: hashes(2, 6),
            changeable: 2 + CHANGEABLE,
            messages: &[C],
            is_whole: false,
            sending: Whole,
        };
        assert_eq!(
            case_step(Some(&there), &wanted),
            add(&[0], MessageEndpoint::WithCase)
        );
        let wanted = ExportedCase {
            messages: &[A, B, C],
            ..wanted
        };
        assert_eq!(case_step(Some(&there), &wanted), CaseStep::Replace);
    }
}
