//! Names of fields in a list for people.

use crate::domain::call::Field;

/// Names of fields where a numbered row of them is one name: `customProp2–10`.
pub(in crate::report) fn grouped(fields: &[Field]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut index = 0;
    while index < fields.len() {
        let (stem, first) = numbered(fields[index]);
        let mut last = first;
        let mut next = index + 1;
        while let (Some(number), Some((same, following))) =
            (last, fields.get(next).map(|field| numbered(*field)))
        {
            if same != stem || following != Some(number + 1) {
                break;
            }
            last = following;
            next += 1;
        }
        let name = match (first, last) {
            (Some(first), Some(last)) if first < last => format!("{stem}{first}–{last}"),
            _ => fields[index].name().to_owned(),
        };
        names.push(if fields[index].is_required() {
            format!("{name} (required)")
        } else {
            name
        });
        index = next;
    }
    names
}

fn numbered(field: Field) -> (&'static str, Option<u8>) {
    let name = field.name();
    let stem = name.trim_end_matches(|char: char| char.is_ascii_digit());
    (stem, name[stem.len()..].parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_fields_are_one_name() {
        let fields = [
            Field::Subject,
            Field::CustomProp2,
            Field::CustomProp3,
            Field::CustomProp4,
            Field::CustomProp9,
            Field::CustomNumberProp10,
        ];
        assert_eq!(
            grouped(&fields),
            [
                "subject (required)",
                "customProp2–4",
                "customProp9",
                "customNumberProp10"
            ]
        );
    }
}
