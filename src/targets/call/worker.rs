//! One worker: records of a batch become calls, and calls get their recording and their step.

use std::sync::Arc;

use super::batch_result::BatchResult;
use super::call_judge::CallJudge;
use super::clean_rows::RowJudge;
use super::hold::set_doubtful_ids_apart;
use super::legs::LegJudge;
use super::resolve_pending::LedgerResolver;
use super::target::CallTarget;
use super::unsent_identity::note_unsent;
use crate::events::{Customers, Totals};
use crate::ledger::LedgerReader;
use crate::mapping::CallMapping;
use crate::pipeline::{BatchTask, Error, Proposals, Round, RunContext, Worker};
use crate::targets::call::job::CallJob;

/// What makes proposals of the records of calls.
pub struct CallWorker<'r> {
    judge: CallJudge<'r>,
    reader: Option<LedgerReader>,
}

impl<'r> CallWorker<'r> {
    pub(in crate::targets) fn new(
        target: &'r CallTarget,
        run: RunContext<'r>,
        mapping: Arc<CallMapping>,
    ) -> Result<Self, Error> {
        Ok(CallWorker {
            judge: CallJudge::new(target, run, mapping),
            reader: run.reader()?,
        })
    }
}

impl Worker<CallTarget> for CallWorker<'_> {
    fn propose(
        &mut self,
        task: BatchTask<CallMapping>,
    ) -> Result<Proposals<CallMapping, CallJob>, Error> {
        let BatchTask {
            batch,
            groups,
            mappings,
            round,
        } = task;
        let judge = &mut self.judge;
        judge.round = round;
        judge.mapping = Arc::clone(mappings.first());
        let mut result = BatchResult::default();
        result.proposals.reserve(batch.len());
        if let Some(groups) = groups {
            let mut at = 0;
            for group in groups {
                LegJudge { judge }.group(&batch, at, group, &mut result);
                at += group.rows();
            }
        } else {
            RowJudge { judge }.rows(&batch, &mut result);
        }
        let BatchResult {
            mut proposals,
            totals,
            open,
            further,
        } = result;
        if let Some(reader) = &self.reader {
            let context = judge.context();
            let resolver = LedgerResolver { context, reader };
            resolver.resolve_pending(&mut proposals, open)?;
            resolver.resolve_mended(&batch, &mut proposals)?;
        }
        if judge.run.is_newest_first {
            let reader = self.reader.as_ref();
            set_doubtful_ids_apart(&judge.mapping, reader, &batch, &mut proposals)?;
            note_unsent(&judge.mapping, &batch, &mut proposals);
        }
        for (index, rows) in further {
            proposals[index].further = rows;
        }
        Ok(Proposals {
            batch,
            proposals,
            totals: match round {
                Round::First => totals,
                Round::Claims => Totals::default(),
                // The sequencer counts the records of what was put aside, and its customers were counted as
                // they were read.
                Round::Last => Totals {
                    records: 0,
                    customers: Customers::default(),
                    ..totals
                },
            },
            round,
            mappings,
        })
    }
}
