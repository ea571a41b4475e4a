use super::*;
use crate::mapping::check_complete;

/// The findings as `line:column text: message`.
fn findings(error: &LoadError) -> Vec<String> {
    let show = |finding: &super::super::Finding| {
        format!(
            "{}:{} {}: {}",
            finding.line, finding.column, finding.text, finding.message
        )
    };
    error.findings().iter().map(show).collect()
}

const ALL_WRONG: &str = r#"targt = "conversation"
[source]
timezone = "Europe/Copenhagn"
region = "Denmark"
delimeter = ";"
encoding = "windows-1525"
skip = "a =="
[fields]
externalIdentiy = "id"
agentId = 7
customer = { from = "phone", as = "phon" }
dateTime = { from = "d", formats = ["%d-%m-%Q"], fold = "first" }
subject = { template = "{{ a }" }
status = { value = "x", from = "y" }
labels = { from = "t", as = "phone" }
hasConsent = { from = "c", decimal = "," }
customProp1 = { from = "c", split = "," }
[audio]
language = "Danish"
stereo = "AgentLeft"
"#;

#[test]
fn everything_wrong_with_a_file_is_told_at_once_and_where_it_stands() {
    let error = load_error(ALL_WRONG);
    let found: Vec<(usize, &str)> = error
        .findings()
        .iter()
        .map(|finding| (finding.line, finding.text.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (1, "targt"),
            (3, "\"Europe/Copenhagn\""),
            (4, "\"Denmark\""),
            (5, "delimeter"),
            (6, "\"windows-1525\""),
            (7, "=="),
            (9, "externalIdentiy"),
            (10, "7"),
            (11, "\"phon\""),
            (12, "\"%d-%m-%Q\""),
            (12, "\"first\""),
            (13, "}"),
            (14, "value"),
            (15, "\"phone\""),
            (16, "decimal"),
            (17, "split"),
            (19, "\"Danish\""),
            (20, "\"AgentLeft\""),
        ]
    );
    let suggestion = |line: usize| {
        let found = error
            .findings()
            .iter()
            .find(|finding| finding.line == line)
            .unwrap();
        found.suggestion.clone().unwrap()
    };
    assert_eq!(suggestion(1), "did you mean `target`?");
    assert_eq!(suggestion(3), "did you mean `Europe/Copenhagen`?");
    assert_eq!(suggestion(5), "did you mean `delimiter`?");
    assert_eq!(suggestion(9), "did you mean `externalIdentity`?");
    assert_eq!(suggestion(11), "did you mean `phone`?");
}

#[test]
fn an_error_shows_the_line_with_a_mark_below_the_place() {
    let error = load_error("[fields]\nexternalIdentiy = \"id\"\n");
    let wanted = "\
error: `externalIdentiy` is no field of a conversation
 --> test.toml:2:1
  |
2 | externalIdentiy = \"id\"
  | ^^^^^^^^^^^^^^^ did you mean `externalIdentity`?";
    assert_eq!(error.to_string(), wanted);
}

#[test]
fn text_that_is_no_toml_is_told_with_its_place() {
    let error = load_error("[fields]\nsubject = \n");
    assert_eq!(error.findings()[0].line, 2);
    assert_eq!(
        findings(&load_error(""))[0],
        "1:1 : the file has no [fields]"
    );
}

#[test]
fn columns_that_the_export_lacks_are_told_with_the_nearest_one() {
    let batch = row(&["Customer Phone", "started", "campaign"], &["", "", ""]);
    let mapping = load(
        "[source]\nskip = \"dispo == 'x'\"\n[fields]\ncustomer = \"custmer_phone\"\n\
         subject = { template = \"{{ campagn }} {{ row['Startd'] }}\" }\nagentId = { first = [\"agent\", \"user\"] }\n\
         status = { from = \"state\", optional = true }\n",
    );
    let error = CallMapping::bind(&mapping, batch.sheet()).unwrap_err();
    assert_eq!(
        findings(&error),
        [
            "2:9 dispo: export.csv has no column `dispo`",
            "4:12 \"custmer_phone\": export.csv has no column `custmer_phone`",
            "5:28 campagn: export.csv has no column `campagn`",
            "5:47 Startd: export.csv has no column `Startd`",
            "6:1 agentId: export.csv has no column for `agentId`: none of agent, user",
        ]
    );
    let suggestion = |index: usize| error.findings()[index].suggestion.clone().unwrap();
    assert_eq!(suggestion(1), "did you mean `Customer Phone`?");
    assert_eq!(suggestion(2), "did you mean `campaign`?");
    assert_eq!(
        suggestion(0),
        "possible here: Customer Phone, started, campaign"
    );
}

#[test]
fn the_source_table_is_given_as_plain_values() {
    let mapping = load(
        "[source]\nformat = \"csv\"\ndelimiter = \"tab\"\nquote = false\nescape = '\\'\ntrim = true\nencoding = \"latin1\"\nheader = 2\n\
         columns = [\"a\", \"b\"]\nrecords = \"/data/calls\"\nnulls = [\"N/A\", \"0\"]\nskip_lines = 1\nsheet = \"Ark1\"\n\
         trailer = \"Totals\"\ntimezone = \"+01:00\"\nregion = \"dk\"\n[fields]\nsubject = \"a\"\n"
            .replace("header = 2\n", "")
            .as_str(),
    );
    let source = mapping.source_options();
    assert_eq!(source.delimiter, Some('\t'));
    assert_eq!(source.quote, Some(super::super::QuoteSetting::None));
    assert_eq!(source.escape, Some(crate::source::Escape::Byte(b'\\')));
    assert_eq!(source.options().trim, Some(true));
    assert_eq!(
        source.columns.as_deref(),
        Some(&["a".to_owned(), "b".to_owned()][..])
    );
    assert_eq!(
        source.nulls.as_deref(),
        Some(&["N/A".to_owned(), "0".to_owned()][..])
    );
    assert_eq!((source.skip_lines, source.header_lines), (Some(1), None));
    assert_eq!(source.trailer, ["Totals"]);
    let header = |value: &str| {
        load(&format!("[source]\nheader = {value}\n[fields]"))
            .source_options()
            .header_lines
    };
    assert_eq!(
        (header("false"), header("true"), header("2")),
        (Some(0), Some(1), Some(2))
    );
}

#[test]
fn the_audio_table_is_given_as_plain_values() {
    let mapping = load(
        "[fields]\n[audio]\npatterns = '^(?P<id>\\d+)_'\nlanguage = \"da-DK\"\nstereo = \"AgentChannelTwo\"\n\
         mono = \"TwoSpeakers\"\nseveral = \"longest\"\n",
    );
    let audio = mapping.audio();
    assert_eq!(audio.language.as_deref(), Some("da-DK"));
    assert_eq!(
        (audio.stereo, audio.mono),
        (Some("AgentChannelTwo"), Some("TwoSpeakers"))
    );
    assert_eq!(audio.several, super::super::SeveralArg::Longest);
    assert!(!audio.has_match && audio.patterns[0].is_match("17_x.wav"));
}

#[test]
fn a_field_that_nothing_fills_is_never_passed_over() {
    for rule in [
        "{}",
        "{ formats = [\"iso\"] }",
        "{ form = \"x\" }",
        "{ first = [] }",
        "{ from = [] }",
        "{ choose = [] }",
    ] {
        let error = load_error(&format!("[fields]\ndateTime = {rule}"));
        assert!(!error.findings().is_empty(), "{rule}");
    }
}

#[test]
fn what_a_part_is_taken_of_is_a_column_too() {
    let batch = row(&["start", "Call ID"], &["2024-03-15", "x-17"]);
    let subject = |template: &str| {
        let text = format!("[fields]\nsubject = {{ template = \"{template}\" }}\n");
        let (value, codes) = map(&text, &batch, Field::Subject);
        assert_eq!(codes, []);
        value
    };
    assert_eq!(subject("{{ start[:4] }}"), text("2024"));
    assert_eq!(
        subject("{{ row['Call ID'][2:] }} {{ (start | trim)[-2:] }}"),
        text("17 15")
    );
    let error = CallMapping::bind(
        &load("[fields]\nsubject = { template = \"{{ strat[:4] }}\" }\n"),
        batch.sheet(),
    );
    assert_eq!(
        findings(&error.unwrap_err()),
        ["2:28 strat: export.csv has no column `strat`"]
    );
}

#[test]
fn what_is_wrong_with_a_pattern_is_told_where_it_stands() {
    let error = load_error(
        "[fields]\n[audio]\npatterns = [\n '(',\n '\\d+',\n { pattern = '(?P<id>\\d)', ids = \"{{ x }}\" },\n \
         { id = \"{{ x }}\" },\n 7,\n]\nseconds = { from = \"talk\", unit = \"weeks\" }\n",
    );
    let told = findings(&error);
    for expected in [
        "4:2 '(': not a regular expression",
        "5:2 '\\d+': a pattern needs a group with a name",
        "6:28 ids: the pattern has no group called `ids`",
        "7:2 { id = \"{{ x }}\" }: an entry of `patterns` needs a `pattern`",
        "8:2 7: `patterns` must be",
        "`weeks` is no value of `unit`",
    ] {
        assert!(
            told.iter().any(|told| told.contains(expected)),
            "{expected}: {told:#?}"
        );
    }
    let batch = row(&["id", "talk"], &["1", ""]);
    let mapping = load("[fields]\n[audio]\npatterns = ['(?P<uid>\\d)']\nseconds = \"tlk\"\n");
    assert_eq!(
        findings(&CallMapping::bind(&mapping, batch.sheet()).unwrap_err()),
        [
            "3:13 '(?P<uid>\\d)': export.csv has no column `uid`",
            "4:11 \"tlk\": export.csv has no column `tlk`",
        ]
    );
}

#[test]
fn a_file_that_leaves_a_required_target_open_is_told_which_and_where_to_write_it() {
    let most = "[source]\ntimezone = \"UTC\"\n\n[fields]\nexternalIdentity = \"id\"\nagentId = \"a\"\nagentName = \"a\"\nagentEmail = \"e\"\ndateTime = \"t\"\nsubject = \"s\"\n";
    let error = check_complete(&load(most)).unwrap_err();
    let finding = &error.findings()[0];
    assert_eq!((error.findings().len(), finding.line), (1, 4), "{error}");
    assert!(finding.message.contains("`customer`"), "{error}");
    assert!(
        finding.suggestion.as_ref().unwrap().contains("customer = "),
        "{error}"
    );
    let whole = format!("{most}customer = \"c\"\n");
    assert_eq!(check_complete(&load(&whole)), Ok(()));
    let case = load("target = \"case\"\n[fields]\ncaseUid = \"id\"\nmessage = { text = \"t\" }\n");
    let error = check_complete(&case).unwrap_err().to_string();
    assert!(
        error.contains("`message.from.email`") && error.contains("`source`"),
        "{error}"
    );
    // One form of VICIdial's report has no agents, and its preset leaves them to the operator.
    let whole = Preset::all().iter();
    for preset in whole.filter(|preset| preset.name != "vicidial-alternate") {
        let folder = std::path::Path::new("samples/zendesk");
        assert_eq!(
            check_complete(&preset.load_beside(Some(folder), &[]).unwrap()),
            Ok(()),
            "{}",
            preset.name
        );
    }
}

#[test]
fn an_optional_rule_does_not_excuse_a_required_target_from_its_columns() {
    let text = "[fields]\ncustomer = { from = \"phone\", optional = true }\nstatus = { from = \"state\", optional = true }";
    let batch = row(&["c"], &["1"]);
    let error = CallMapping::bind(&load(text), batch.sheet()).unwrap_err();
    assert_eq!(error.findings().len(), 1, "{error}");
    assert!(
        error.findings()[0].message.contains("`customer`"),
        "{error}"
    );
    let text = "[fields]\ncustomer = { from = \"phone\", optional = true, default = \"unknown\" }";
    assert!(CallMapping::bind(&load(text), batch.sheet()).is_ok());
}

#[test]
fn everything_about_the_file_can_be_said() {
    let fields = "[fields]\nsubject = \"a\"\n";
    let said = |source: &str| load(&format!("[source]\n{source}\n{fields}"));
    for label in ["cp850", "CP-865", "cp437", "macintosh", "utf-16le"] {
        let mapping = said(&format!("encoding = \"{label}\""));
        assert_eq!(mapping.source_options().encoding.as_deref(), Some(label));
    }
    let options = said("format = \"ndjson\"\n[source.limits]\nmax_record = 5\nmax_texts = 7")
        .source_options()
        .options();
    assert_eq!(options.format, Some(crate::source::InputFormat::Ndjson));
    assert_eq!(
        (options.limits.max_record, options.limits.max_texts),
        (5, 7)
    );
    assert_eq!(
        options.limits.max_values,
        crate::source::Limits::default().max_values
    );
    for (source, part) in [
        ("delimiter = \"§\"", "one ASCII character"),
        ("delimiter = \"\\n\"", "one ASCII character"),
        ("quote = \"«\"", "one ASCII character"),
        ("escape = \"no\"", "one character"),
        ("escape = true", "one character, or false"),
        ("trim = \"yes\"", "true or false"),
        ("encoding = \"klingon\"", "unknown encoding"),
        ("header = 3", "skip_lines"),
        ("[source.limits]\nmax_recrod = 5", "max_record"),
    ] {
        let error = load_error(&format!("[source]\n{source}\n{fields}"));
        assert!(error.to_string().contains(part), "{source}: {error}");
    }
}
