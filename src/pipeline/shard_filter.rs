//! Leaves records to the other processes that import parts of the same export. Each of them decides
//! all records, so that repeated ids and shared recordings end as in one process.

use super::action::Action;
use super::proposal::Proposal;
use crate::domain::{Location, Shard};
use crate::events::Outcome;

/// What of a record tells whose it is: its id as the mapping reads it, where it has one, and its place.
#[derive(Debug)]
pub(super) struct ShardedRecord<'r> {
    pub(super) id: Option<&'r str>,
    pub(super) location: Location,
}

/// The hash that tells whose a record is: that of its call or case, else that of its place.
fn owner_hash<J>(proposal: &Proposal<J>, record: &ShardedRecord<'_>) -> u64 {
    if let Some(key) = proposal.key {
        return key.identity();
    }
    if let Some(id) = record.id.filter(|id| !id.is_empty()) {
        return Shard::hash_of_id(id);
    }
    let Location { file, line, record } = &record.location;
    Shard::hash_of_place(file, *line, *record)
}

/// Leaves a record of another shard to it, with all that was said of it. Rows of which another row
/// tells stay as they are.
pub(super) fn leave_to_others<J>(
    shard: Shard,
    proposal: &mut Proposal<J>,
    record: &ShardedRecord<'_>,
) {
    if matches!(proposal.action, Action::WithLead | Action::PutAside)
        || shard.owns(owner_hash(proposal, record))
    {
        return;
    }
    proposal.problems_of_rows().for_each(Vec::clear);
    proposal.action = Action::Finished(Outcome::OtherShard, "".into());
    proposal.requests = 0;
    proposal.matched = None;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Code, Party, Problem};
    use crate::events::FurtherRow;
    use crate::pipeline::RecordKey;

    fn at(line: u64) -> ShardedRecord<'static> {
        ShardedRecord {
            id: None,
            location: Location::on_line("a.csv", line),
        }
    }

    fn rejected(key: Option<RecordKey>) -> Proposal<()> {
        let problem = Problem::new(Code::BadTime, Location::on_line("a.csv", 2), "why");
        let further = vec![FurtherRow {
            index: 1,
            problems: vec![problem.clone()],
        }];
        Proposal {
            key,
            further,
            requests: 2,
            ..Proposal::finished(vec![problem], Outcome::Rejected, "")
        }
    }

    /// How many of four shards keep this record.
    fn keepers(key: Option<RecordKey>, record: &ShardedRecord<'_>) -> Vec<u32> {
        let shards = (0..4).filter_map(|number| Shard::new(number, 4));
        let keeps = |shard: &Shard| {
            let mut proposal = rejected(key);
            leave_to_others(*shard, &mut proposal, record);
            let is_kept = proposal.is_rejected();
            let problems: usize = proposal.problems_of_rows().map(|it| it.len()).sum();
            assert_eq!(problems, if is_kept { 2 } else { 0 });
            assert_eq!(proposal.requests == 2, is_kept);
            is_kept
        };
        shards.filter(keeps).map(Shard::number).collect()
    }

    #[test]
    fn a_record_is_told_by_one_shard_with_all_its_problems() {
        for line in 1..50 {
            assert_eq!(keepers(None, &at(line)).len(), 1);
        }
    }

    #[test]
    fn a_rejected_record_belongs_to_the_shard_of_its_id() {
        fn named(id: &str) -> ShardedRecord<'_> {
            ShardedRecord {
                id: Some(id),
                ..at(9)
            }
        }
        for number in 0..50 {
            let id = format!("call-{number}");
            let key = RecordKey::Call {
                identity: Shard::hash_of_id(&id),
                content: 0,
                party: Party::default(),
            };
            assert_eq!(keepers(Some(key), &at(9)), keepers(None, &named(&id)));
        }
        assert_eq!(keepers(None, &named("")), keepers(None, &at(9)));
    }

    #[test]
    fn rows_of_which_another_tells_wait_for_it() {
        for number in 0..4 {
            let shard = Shard::new(number, 4).unwrap();
            let mut row = Proposal::<()>::new(Vec::new(), Action::WithLead);
            leave_to_others(shard, &mut row, &at(1));
            assert!(matches!(row.action, Action::WithLead));
        }
    }
}
