//! `--shard`: which part of the export this process imports, as typed or as an engine says.

use std::num::ParseIntError;

use clap::Args;

use crate::domain::Shard;

/// Which part of the export.
#[derive(Debug, Args)]
#[command(next_help_heading = "Several machines")]
pub struct ShardArgs {
    /// Import part K of N of the export, from 0: 3/8. auto/8 takes K from the engine that started the
    /// process: Kubernetes, Slurm, AWS Batch or Cloud Run (docs/scale.md).
    #[arg(long, value_name = "K/N", value_parser = shard_choice, env = "CAPTURI_SHARD")]
    pub shard: Option<ShardChoice>,
}

/// What `--shard` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShardChoice {
    /// This part.
    Typed(Shard),
    /// That of this many parts which the engine names.
    OfEngine(u32),
}

/// A part, and who named it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedShard {
    /// The part.
    pub shard: Shard,
    /// The variable that told its number, unless it was typed.
    pub from: Option<&'static str>,
}

/// Why no part can be found out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// No engine has told a number.
    #[error(
        "--shard auto/{count}: none of {} is set; name the shard, as in --shard 0/{count}",
        names()
    )]
    NoEngine {
        /// How many parts were asked for.
        count: u32,
    },
    /// Two engines tell different numbers.
    #[error(
        "--shard auto/{count}: {one} says shard {first} and {other} says shard {second}; name the \
         shard, as in --shard {first}/{count}"
    )]
    TwoEngines {
        /// How many parts were asked for.
        count: u32,
        /// A variable.
        one: &'static str,
        /// What it says.
        first: u64,
        /// Another.
        other: &'static str,
        /// What that says.
        second: u64,
    },
    /// A variable does not hold a number.
    #[error("--shard auto: {variable} is no number from 0")]
    NoNumber {
        /// The variable.
        variable: &'static str,
    },
    /// There are more tasks than parts.
    #[error(
        "--shard auto/{count}: {variable} makes this shard {number}, and the last of {count} is \
         {}; start as many tasks as shards", count - 1
    )]
    Behind {
        /// How many parts were asked for.
        count: u32,
        /// The variable.
        variable: &'static str,
        /// The number that follows from it.
        number: u64,
    },
    /// A Slurm array has another number of tasks than there are parts.
    #[error(
        "--shard auto/{count}: this Slurm array has {tasks} tasks, so its first task need not be \
         shard 0; name the shard, as in --shard \"$SLURM_ARRAY_TASK_ID/{count}\""
    )]
    PartOfArray {
        /// How many parts were asked for.
        count: u32,
        /// How many tasks the array has.
        tasks: u64,
    },
}

const SLURM: &str = "SLURM_ARRAY_TASK_ID";

/// The variables in which engines number their tasks.
const ENGINES: [&str; 4] = [
    "JOB_COMPLETION_INDEX",
    SLURM,
    "AWS_BATCH_JOB_ARRAY_INDEX",
    "CLOUD_RUN_TASK_INDEX",
];

fn names() -> String {
    ENGINES.join(", ")
}

/// Reads `3/8` or `auto/8`.
fn shard_choice(text: &str) -> Result<ShardChoice, String> {
    let expected = || "expected a shard such as 3/8, or auto/8".to_owned();
    let (number, count) = text.split_once('/').ok_or_else(expected)?;
    let count: u32 = count.parse().map_err(|_: ParseIntError| expected())?;
    if !(1..=Shard::MOST).contains(&count) {
        return Err(format!("expected 1 to {} shards", Shard::MOST));
    }
    if number == "auto" {
        return Ok(ShardChoice::OfEngine(count));
    }
    let number: u32 = number.parse().map_err(|_: ParseIntError| expected())?;
    Shard::new(number, count)
        .map(ShardChoice::Typed)
        .ok_or_else(|| {
            let last = count - 1;
            format!("there is no shard {number} of {count}: shards are numbered 0 to {last}")
        })
}

impl ShardArgs {
    /// The part that this process imports, if it shares the export with others.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the room that reads the environment"
    )]
    pub fn resolve(&self) -> Result<Option<NamedShard>, ShardError> {
        let variable = |name: &str| std::env::var_os(name)?.into_string().ok();
        self.shard.map(|shard| shard.resolve(variable)).transpose()
    }
}

impl ShardChoice {
    fn resolve(self, variable: impl Fn(&str) -> Option<String>) -> Result<NamedShard, ShardError> {
        let count = match self {
            ShardChoice::Typed(shard) => return Ok(NamedShard { shard, from: None }),
            ShardChoice::OfEngine(count) => count,
        };
        let mut told: Option<(&'static str, u64)> = None;
        for name in ENGINES {
            let Some(number) = number(&variable, name, count)? else {
                continue;
            };
            match told {
                Some((one, first)) if first != number => {
                    return Err(ShardError::TwoEngines {
                        count,
                        one,
                        first,
                        other: name,
                        second: number,
                    });
                }
                Some(_) => {}
                None => told = Some((name, number)),
            }
        }
        let (from, number) = told.ok_or(ShardError::NoEngine { count })?;
        let shard = u32::try_from(number).ok();
        let shard = shard.and_then(|number| Shard::new(number, count));
        Ok(NamedShard {
            shard: shard.ok_or(ShardError::Behind {
                count,
                variable: from,
                number,
            })?,
            from: Some(from),
        })
    }
}

/// The number that an engine tells, if it is the one that started the process.
fn number(
    variable: &impl Fn(&str) -> Option<String>,
    name: &'static str,
    count: u32,
) -> Result<Option<u64>, ShardError> {
    let read = |name: &'static str| match variable(name).filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => {
            let number = text.trim().parse::<u64>();
            number
                .map(Some)
                .map_err(|_| ShardError::NoNumber { variable: name })
        }
    };
    let Some(id) = read(name)? else {
        return Ok(None);
    };
    if name != SLURM {
        return Ok(Some(id));
    }
    // An array of which only some tasks are repeated tells the first of those, and their number.
    let tasks = read("SLURM_ARRAY_TASK_COUNT")?.unwrap_or(0);
    if tasks != u64::from(count) {
        return Err(ShardError::PartOfArray { count, tasks });
    }
    let first = read("SLURM_ARRAY_TASK_MIN")?.unwrap_or(0);
    let step = read("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
    Ok(Some(id.saturating_sub(first) / step))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(count: u32, told: &[(&str, &str)]) -> Result<NamedShard, ShardError> {
        ShardChoice::OfEngine(count).resolve(|name| {
            let mut told = told.iter();
            told.find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    fn named(number: u32, count: u32, from: &'static str) -> NamedShard {
        NamedShard {
            shard: Shard::new(number, count).unwrap(),
            from: Some(from),
        }
    }

    #[test]
    fn a_shard_is_typed_from_0() {
        let shard = |number, count| Ok(ShardChoice::Typed(Shard::new(number, count).unwrap()));
        assert_eq!(shard_choice("0/8"), shard(0, 8));
        assert_eq!(shard_choice("7/8"), shard(7, 8));
        assert_eq!(shard_choice("auto/8"), Ok(ShardChoice::OfEngine(8)));
        let behind = shard_choice("8/8").unwrap_err();
        assert!(behind.contains("numbered 0 to 7"), "{behind}");
        for wrong in [
            "8", "1/0", "-1/8", "a/8", "1/8/2", "1/99999", "auto", "auto/0", "",
        ] {
            assert!(shard_choice(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_engine_is_heard() {
        for name in [
            "JOB_COMPLETION_INDEX",
            "AWS_BATCH_JOB_ARRAY_INDEX",
            "CLOUD_RUN_TASK_INDEX",
        ] {
            assert_eq!(auto(8, &[(name, "5")]), Ok(named(5, 8, name)));
            let behind = auto(8, &[(name, "8")]).unwrap_err().to_string();
            assert!(
                behind.contains(name) && behind.contains("the last of 8 is 7"),
                "{behind}"
            );
            assert!(auto(8, &[(name, "x")]).is_err());
        }
        let none = auto(8, &[("JOB_COMPLETION_INDEX", "")])
            .unwrap_err()
            .to_string();
        assert!(none.contains("--shard 0/8"), "{none}");
    }

    #[test]
    fn a_whole_slurm_array_may_begin_anywhere() {
        let array = |id, first, step, tasks| {
            auto(
                3,
                &[
                    (SLURM, id),
                    ("SLURM_ARRAY_TASK_MIN", first),
                    ("SLURM_ARRAY_TASK_STEP", step),
                    ("SLURM_ARRAY_TASK_COUNT", tasks),
                ],
            )
        };
        assert_eq!(array("0", "0", "1", "3"), Ok(named(0, 3, SLURM)));
        assert_eq!(array("3", "1", "1", "3"), Ok(named(2, 3, SLURM)));
        assert_eq!(array("9", "5", "2", "3"), Ok(named(2, 3, SLURM)));
        // `sbatch --array=2`, to repeat one shard.
        let part = array("2", "2", "1", "1").unwrap_err();
        assert_eq!(part, ShardError::PartOfArray { count: 3, tasks: 1 });
    }

    #[test]
    fn engines_that_disagree_are_not_believed() {
        let both = |second| {
            let told = [
                ("JOB_COMPLETION_INDEX", "2"),
                ("AWS_BATCH_JOB_ARRAY_INDEX", second),
            ];
            auto(4, &told)
        };
        assert_eq!(both("2"), Ok(named(2, 4, "JOB_COMPLETION_INDEX")));
        assert!(matches!(both("3"), Err(ShardError::TwoEngines { .. })));
    }
}
