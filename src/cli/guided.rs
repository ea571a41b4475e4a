//! The questions of `mapping init --guided`, three at most.

use std::path::Path;

use super::error::{Error, Usage};
use crate::mapping::{GuidedProposal, ListedRecordings, MappingFile, said_in_source};

/// An answer that cannot be taken is asked for so many times.
const TRIES: usize = 3;
/// Columns that are listed before it is too much for a screen.
const LISTED: usize = 40;

/// Asks, and returns the answer; nothing when there will be none.
pub(super) type Ask<'a> = dyn FnMut(&str) -> Option<String> + 'a;

/// A mapping that is complete, and what still has to be said on the command line.
#[derive(Debug)]
pub(super) struct GuidedMapping {
    pub(super) text: String,
    pub(super) flags: String,
}

/// Completes a proposal: a question about its columns, and those about the export.
pub(super) fn complete_proposal(
    mut proposal: GuidedProposal<'_>,
    recordings: Option<&ListedRecordings<'_>>,
    ask: &mut Ask<'_>,
) -> Result<GuidedMapping, Error> {
    let missing = proposal.missing();
    if !missing.is_empty() {
        let question = format!(
            "{}\nWhich column is {}?{} A number or a name of the list; = TEXT for the same in every record.",
            listed(&proposal),
            missing.join(", and which is "),
            if missing.len() > 1 {
                " Separate the answers by `;`."
            } else {
                ""
            },
        );
        until_taken(ask, &question, |answer| {
            let answers: Vec<&str> = answer.split(';').collect();
            if answers.len() != missing.len() {
                return Err(format!("{} answers are needed", missing.len()));
            }
            let mut pairs = missing.iter().zip(&answers);
            pairs.try_for_each(|(target, answer)| {
                let taken = proposal.answer(target, answer);
                taken.map_err(|why| format!("{target}: {why}"))
            })
        })?;
    } else if let Some((target, column, doubt)) = proposal.doubtful() {
        let question = format!(
            "{}\n{target} is taken from `{column}`. {doubt}\nEnter keeps it; or a number or a name of the list.",
            listed(&proposal)
        );
        until_taken(ask, &question, |answer| match answer {
            "" => Ok(()),
            answer => proposal.answer(target, answer),
        })?;
    }
    complete_settings(proposal.text(recordings), ask)
}

/// Completes a mapping whose columns are known: what the export does not say.
pub(super) fn complete_settings(text: String, ask: &mut Ask<'_>) -> Result<GuidedMapping, Error> {
    let mut mapping = MappingFile::load(&text, "proposal", None)?;
    let asks = mapping.asks();
    let needs = |need: &str| asks.contains(&need);
    let mut text = text;
    let place = match (needs("timezone"), needs("region")) {
        (true, true) => Some(
            "The times have no offset, and some numbers no country code: which zone and country? Such as \
             Europe/Copenhagen DK",
        ),
        (true, false) => {
            Some("The times have no offset: which zone are they in? Such as Europe/Copenhagen")
        }
        (false, true) => Some("Some numbers have no country code: which country? Such as DK"),
        (false, false) => None,
    };
    if let Some(question) = place {
        let (zone, region) = until_taken(ask, question, |answer| {
            read_place(&mut mapping, answer, &asks)
        })?;
        for (key, value) in [("timezone", zone), ("region", region)] {
            if let Some(value) = value {
                text = said_in_source(&text, key, &value);
            }
        }
    }
    let mut flags = String::new();
    if needs("agents") || needs("email") {
        let domain = if needs("agents") {
            ""
        } else {
            "; or the domain of their addresses, such as example.com"
        };
        let question = format!(
            "The export has no e-mail addresses of agents: name a CSV file with id, name, email{domain}"
        );
        let takes_domain = !needs("agents");
        let (key, value) = until_taken(ask, &question, |answer| {
            read_agents(&mut mapping, answer, takes_domain)
        })?;
        match key {
            "email_domain" => text = said_in_source(&text, key, &value),
            _ => flags = format!(" --agents {value}"),
        }
    }
    Ok(GuidedMapping { text, flags })
}

/// A zone and a country, in any order.
fn read_place(
    mapping: &mut MappingFile,
    answer: &str,
    asks: &[&str],
) -> Result<(Option<String>, Option<String>), String> {
    let (mut zone, mut region) = (None, None);
    for word in answer
        .split([' ', ',', ';'])
        .filter(|word| !word.is_empty())
    {
        let is_region = word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
        if is_region {
            let code = word.to_uppercase();
            mapping
                .set_region(&code)
                .map_err(|error| error.to_string())?;
            region = Some(code);
        } else {
            mapping
                .set_timezone(word)
                .map_err(|error| error.to_string())?;
            zone = Some(word.to_owned());
        }
    }
    match () {
        () if asks.contains(&"timezone") && zone.is_none() => Err("the zone is missing".to_owned()),
        () if asks.contains(&"region") && region.is_none() => {
            Err("the country is missing".to_owned())
        }
        () => Ok((zone, region)),
    }
}

/// A table of agents, or a domain.
fn read_agents(
    mapping: &mut MappingFile,
    answer: &str,
    takes_domain: bool,
) -> Result<(&'static str, String), String> {
    let path = Path::new(answer);
    if path.is_file() {
        mapping
            .set_agents(path)
            .map_err(|error| error.to_string())?;
        return Ok(("agents", answer.to_owned()));
    }
    let domain = answer.trim_start_matches('@');
    if !takes_domain || !domain.contains('.') || domain.contains(['/', ' ']) {
        return Err(format!("there is no file {answer}"));
    }
    mapping
        .set_email_domain(domain)
        .map_err(|error| error.to_string())?;
    Ok(("email_domain", domain.to_owned()))
}

/// Asks until an answer is taken, a few times.
fn until_taken<T>(
    ask: &mut Ask<'_>,
    question: &str,
    mut take: impl FnMut(&str) -> Result<T, String>,
) -> Result<T, Error> {
    let mut question = question.to_owned();
    for _ in 0..TRIES {
        let answer = ask(&question).ok_or(Usage::NoAnswer)?;
        match take(answer.trim()) {
            Ok(taken) => return Ok(taken),
            Err(why) => question = format!("That cannot be: {why}. Once more:"),
        }
    }
    Err(Usage::NoAnswer.into())
}

/// The columns with their numbers and an example.
fn listed(proposal: &GuidedProposal<'_>) -> String {
    let columns = proposal.columns();
    let shown = columns.iter().zip(1_usize..).take(LISTED);
    let lines = shown.map(|((name, example), number)| {
        let example: String = example.chars().take(40).collect();
        format!("{number:>4}  {name}: {example}")
    });
    let mut lines: Vec<String> = lines.collect();
    if columns.len() > LISTED {
        lines.push(format!(
            "      and {} more, by their names",
            columns.len() - LISTED
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::survey;
    use crate::source::{Input, ReadOptions};

    /// What is made of an export with these answers, and how many questions were asked.
    fn guided(export: &str, answers: &[&str]) -> (Result<String, String>, usize) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export.csv");
        std::fs::write(&path, export).unwrap();
        let survey = survey(&Input::file(&path), &ReadOptions::default()).unwrap();
        let mut asked = 0;
        let mut ask = |_: &str| {
            asked += 1;
            answers.get(asked - 1).map(|answer| (*answer).to_owned())
        };
        let done = complete_proposal(GuidedProposal::of(&survey), None, &mut ask);
        (
            done.map(|done| done.text)
                .map_err(|error| error.to_string()),
            asked,
        )
    }

    const EXPORT: &str = "ref;When;Phone;Who\n\
        a-1;15/03/2024 09:12;12345601;Ida\n\
        a-2;16/03/2024 09:12;12345602;Bo\n";

    #[test]
    fn three_answers_name_every_target() {
        let (text, asked) = guided(EXPORT, &["Who", "Europe/Copenhagen dk", "example.com"]);
        let text = text.unwrap();
        assert_eq!(asked, 3, "{text}");
        let mapping = MappingFile::load(&text, "guided.toml", None).unwrap();
        assert!(mapping.asks().is_empty(), "{text}");
        for line in [
            "timezone = \"Europe/Copenhagen\"",
            "region = \"DK\"",
            "email_domain = \"example.com\"",
            "agentId = \"Who\"",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(!text.contains("nothing found for"), "{text}");
    }

    #[test]
    fn an_answer_that_cannot_be_is_asked_for_again_and_none_ends_it() {
        let (text, asked) = guided(
            EXPORT,
            &[
                "Whom",
                "4",
                "Mars/Crater DK",
                "Europe/Copenhagen DK",
                "@example.com",
            ],
        );
        assert!(text.is_ok(), "{text:?}");
        assert_eq!(asked, 5);
        let (text, _) = guided(EXPORT, &["4", "Europe/Copenhagen"]);
        assert!(text.unwrap_err().contains("not answered"));
    }
}
