use super::*;

/// The blocks of the reference that are TOML. A block without a table is the inside of `[fields]`.
fn blocks() -> Vec<String> {
    let reference = include_str!("../../../docs/mapping.md");
    let blocks = reference
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    let whole = |block: &str| {
        let is_whole = block.lines().any(|line| line.starts_with('['));
        if is_whole {
            block.to_owned()
        } else {
            format!("[fields]\n{block}")
        }
    };
    blocks.map(whole).collect()
}

#[test]
fn every_example_of_the_reference_loads() {
    assert!(blocks().len() >= 12);
    for block in blocks() {
        load(&block);
    }
}

#[test]
fn the_reference_names_every_target() {
    let reference = include_str!("../../../docs/mapping.md");
    for field in Field::ALL
        .into_iter()
        .filter(|field| !field.name().contains("Prop"))
    {
        assert!(reference.contains(&format!("`{field}`")), "{field}");
    }
}
