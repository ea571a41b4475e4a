//! Whether a mapping says something for everything that must be said.
//!
//! Asked once the file is loaded and before an export is opened: a file without a required target
//! would reject every record of a night, one by one, for a reason that stands in the file. Apart from
//! loading, because a part of a file can be tried on its own.

use std::sync::Arc;

use super::MappingFile;
use super::case_section::CaseSection;
use super::target::TargetField;
use crate::domain::call::Field;
use crate::domain::case::{self, CaseField, ContactField, MessageField};
use crate::mapping::error::{Findings, LoadError};

/// Checks that every target without which nothing can be created has a rule.
///
/// # Errors
/// When some have none; they are named, and the place is that of `[fields]`.
pub fn check_complete(mapping: &MappingFile) -> Result<(), LoadError> {
    let whole = if mapping.is_of_cases() {
        "a case"
    } else {
        "a conversation"
    };
    let missing = missing_targets(mapping);
    if missing.is_empty() {
        return Ok(());
    }
    let mut findings = Findings::new(Arc::clone(&mapping.text));
    let (names, pronoun) = (
        listed(&missing),
        if missing.len() == 1 { "it" } else { "them" },
    );
    let message = format!("nothing fills {names}, and {whole} cannot be created without {pronoun}");
    let hint = match proposed_line(&mapping.text, &missing) {
        Some(line) => format!(
            "line {line} begins what `mapping init` left for you to decide: read its `# check:`, and remove the `# ` \
             before the right line"
        ),
        None => format!("add {}", hints(&missing)),
    };
    findings.add_with(mapping.fields_span.clone(), message, Some(hint));
    let (name, text) = (Arc::clone(&mapping.name), Arc::clone(&mapping.text));
    Err(LoadError::new(name, text, findings.into_list()))
}

/// The line on which a proposal has the first of these targets as a comment.
fn proposed_line(text: &str, missing: &[String]) -> Option<usize> {
    let is_proposed = |line: &str| {
        let rule = line.strip_prefix("# ")?;
        let (target, toml) = rule.split_once(" = ")?;
        let is_it = missing.iter().any(|name| name == target) && !toml.starts_with("\"…\"");
        is_it.then_some(())
    };
    let at = text.lines().position(|line| is_proposed(line).is_some())?;
    Some(at + 1)
}

/// The required targets without a rule.
pub(in crate::mapping) fn missing_targets(mapping: &MappingFile) -> Vec<String> {
    if let Some(case) = &mapping.case {
        return missing_of_case(case);
    }
    let fills = |field: &Field| mapping.fields.iter().any(|rule| rule.field.is(*field));
    let missing = Field::REQUIRED.into_iter().filter(|field| !fills(field));
    missing.map(|field| field.name().to_owned()).collect()
}

fn missing_of_case(case: &CaseSection) -> Vec<String> {
    use CaseField::{CaseUid, Created, Source, Subject, Updated};
    let of_case = [CaseUid, Source, Created, Updated, Subject].map(case::CasePath::Case);
    let of_message = [
        case::CasePath::Message(MessageField::MessageUid),
        case::CasePath::Message(MessageField::Created),
        case::CasePath::Message(MessageField::Direction),
        case::CasePath::Message(MessageField::Text),
        case::CasePath::From(ContactField::Name),
        case::CasePath::From(ContactField::Email),
        case::CasePath::To(0, ContactField::Name),
        case::CasePath::To(0, ContactField::Email),
    ];
    let fills = |target: &case::CasePath| {
        let wanted = TargetField::Case(target.clone());
        let mut rules = case.case.iter().chain(&case.message);
        rules.any(|rule| rule.field == wanted)
    };
    let all = of_case.into_iter().chain(of_message);
    let missing = all.filter(|target| !fills(target));
    missing.map(|target| target.to_string()).collect()
}

/// `a`, `b` and `c`.
fn listed(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// A line to write for the first of them, and that the others want one, too.
fn hints(missing: &[String]) -> String {
    let example = match missing[0].as_str() {
        "customer" => "customer = { from = \"a column\", as = \"phone\" }".to_owned(),
        "agentEmail" => "agentEmail = { template = \"{{ login }}@example.com\" }".to_owned(),
        "subject" => "subject = { value = \"Call\" }".to_owned(),
        name => format!("{name} = \"a column\""),
    };
    match missing.len() {
        1 => format!("`{example}` here, or the like"),
        _ => format!("a line for each here, such as `{example}`"),
    }
}
