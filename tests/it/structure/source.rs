//! The source as a tree of modules, read by `syn`: which file uses which, through every re-export.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

/// The names that lead from the crate to a module or to what it holds.
pub(crate) type Names = Vec<String>;

/// A file, with what it defines and what it names.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Below `src`, with `/`.
    pub(crate) path: String,
    pub(crate) module: Names,
    /// Structs, enums, traits, type aliases: the names that share one space.
    pub(crate) types: Vec<String>,
    /// Types that get an inherent `impl` here.
    pub(crate) inherent: Vec<String>,
    /// Lines without those of its tests; none of a file that is for tests alone.
    pub(crate) lines: usize,
    /// Functions that take several values as one, outside of tests.
    pub(crate) tuple_takers: Vec<String>,
    /// Everything named outside of tests, whole and without what tests use.
    pub(crate) uses: Vec<Use>,
    /// The same in tests.
    pub(crate) test_uses: Vec<Use>,
    items: BTreeSet<String>,
    imports: BTreeMap<String, Names>,
    reexports: Vec<(String, Names)>,
}

/// A path that is named, from the crate on or from a library.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Use {
    pub(crate) names: Names,
    pub(crate) line: usize,
    pub(crate) is_own: bool,
    /// `pub use` in a file that hands names on.
    is_handed_on: bool,
}

/// All files of a crate.
#[derive(Debug)]
pub(crate) struct SourceTree {
    pub(crate) files: Vec<SourceFile>,
    /// Where what a module offers is defined.
    homes: BTreeMap<(Names, String), Names>,
    modules: BTreeSet<Names>,
}

impl SourceTree {
    /// Reads all files below a folder.
    pub(crate) fn read(folder: &Path) -> SourceTree {
        let paths = rust_files(folder);
        let sources = paths.iter().map(|path| {
            let below = path.strip_prefix(folder).expect("listed below it");
            let text = fs::read_to_string(path).expect("a source file is text");
            (below.to_string_lossy().replace('\\', "/"), text)
        });
        SourceTree::of(sources)
    }

    /// The same of texts with their paths.
    pub(crate) fn of(sources: impl IntoIterator<Item = (String, String)>) -> SourceTree {
        let read = |(path, text): (String, String)| SourceFile::read(path, &text);
        let files: Vec<SourceFile> = sources.into_iter().map(read).collect();
        let mut homes = BTreeMap::new();
        for file in &files {
            for item in file.items.iter().chain(&file.types) {
                homes.insert((file.module.clone(), item.clone()), file.module.clone());
            }
        }
        let mut is_growing = true;
        while is_growing {
            is_growing = false;
            for file in &files {
                for (name, names) in &file.reexports {
                    let key = (file.module.clone(), name.clone());
                    let Some((last, module)) = names.split_last() else {
                        continue;
                    };
                    let home = homes.get(&(module.to_vec(), last.clone())).cloned();
                    if let (false, Some(home)) = (homes.contains_key(&key), home) {
                        homes.insert(key, home);
                        is_growing = true;
                    }
                }
            }
        }
        SourceTree {
            modules: files.iter().map(|file| file.module.clone()).collect(),
            homes,
            files,
        }
    }

    /// The module in whose file the path ends, whatever hands it on.
    pub(crate) fn home(&self, names: &[String]) -> Option<&Names> {
        let ends = (1..=names.len()).rev();
        let offered = |end: usize| {
            let (module, name) = (names[..end - 1].to_vec(), names[end - 1].clone());
            self.homes.get(&(module, name))
        };
        let home = ends.clone().find_map(offered);
        // A module by itself says nothing; what is named by it does.
        home.or_else(|| {
            let mut inside = ends.filter(|end| *end < names.len());
            inside.find_map(|end| self.modules.get(&names[..end]))
        })
    }

    /// The files that each file uses outside of tests, by their modules.
    pub(crate) fn graph(&self) -> BTreeMap<&Names, BTreeSet<&Names>> {
        let homes_used = |file: &SourceFile| {
            let seen = file.uses.iter();
            let seen = seen.filter(|seen| seen.is_own && !seen.is_handed_on);
            let homes: Vec<_> = seen
                .filter_map(|seen| self.modules.get(self.home(&seen.names)?))
                .collect();
            homes
        };
        let files = self.files.iter().filter(|file| !is_for_tests(&file.path));
        files
            .map(|file| {
                let own = self.modules.get(&file.module).expect("one of its own");
                let used = homes_used(file).into_iter().filter(|home| *home != own);
                (own, used.collect())
            })
            .collect()
    }
}

impl SourceFile {
    fn read(path: String, text: &str) -> SourceFile {
        let module = module_of(&path);
        let syntax = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut reader = Reader {
            children: syntax.items.iter().filter_map(declared).collect(),
            is_test: is_for_tests(&path),
            inside: Vec::new(),
            file: SourceFile {
                types: Vec::new(),
                inherent: Vec::new(),
                lines: lines_without_tests(&path, text, &syntax),
                tuple_takers: Vec::new(),
                uses: Vec::new(),
                test_uses: Vec::new(),
                items: BTreeSet::new(),
                imports: BTreeMap::new(),
                reexports: Vec::new(),
                module,
                path,
            },
        };
        // Imports first: what stands in code may be named by them.
        for item in &syntax.items {
            if let syn::Item::Use(item) = item {
                reader.visit_item_use(item);
            }
        }
        for item in &syntax.items {
            if !matches!(item, syn::Item::Use(_)) {
                reader.visit_item(item);
            }
        }
        reader.file
    }
}

/// Walks one file.
struct Reader {
    file: SourceFile,
    children: BTreeSet<String>,
    is_test: bool,
    /// Inline modules that are open.
    inside: Names,
}

impl Reader {
    fn note(&mut self, names: &[String], line: usize, is_handed_on: bool) -> Option<Names> {
        let own = self.absolute(names);
        let seen = Use {
            names: own.clone().unwrap_or_else(|| names.to_vec()),
            line,
            is_own: own.is_some(),
            is_handed_on,
        };
        let uses = if self.is_test {
            &mut self.file.test_uses
        } else {
            &mut self.file.uses
        };
        uses.push(seen);
        own
    }

    /// The path from the crate on; nothing for that of a library.
    fn absolute(&self, names: &[String]) -> Option<Names> {
        let here = || self.file.module.iter().chain(&self.inside).cloned();
        let climbed = names.iter().take_while(|name| *name == "super").count();
        let first = names.first()?;
        let (start, rest): (Names, _) = match first.as_str() {
            "crate" | "$crate" => (Vec::new(), &names[1..]),
            "self" => (here().collect(), &names[1..]),
            "super" => {
                let here: Names = here().collect();
                (
                    here[..here.len().checked_sub(climbed)?].to_vec(),
                    &names[climbed..],
                )
            }
            first if self.inside.is_empty() && self.children.contains(first) => {
                (here().collect(), names)
            }
            first => (self.file.imports.get(first)?.clone(), &names[1..]),
        };
        Some(start.into_iter().chain(rest.iter().cloned()).collect())
    }

    fn tree(&mut self, tree: &syn::UseTree, before: &mut Names, is_public: bool) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(&path.tree, before, is_public);
                before.pop();
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(tree, before, is_public);
                }
            }
            syn::UseTree::Name(name) => self.leaf(before, &name.ident, &name.ident, is_public),
            syn::UseTree::Rename(rename) => {
                self.leaf(before, &rename.ident, &rename.rename, is_public);
            }
            syn::UseTree::Glob(glob) => {
                let line = glob.star_token.spans[0].start().line;
                self.note(&before.clone(), line, is_public);
            }
        }
    }

    fn leaf(
        &mut self,
        before: &[String],
        name: &syn::Ident,
        known_as: &syn::Ident,
        is_public: bool,
    ) {
        let mut names = before.to_vec();
        if name != "self" {
            names.push(name.to_string());
        }
        let known_as = match known_as {
            known_as if known_as == "self" => names.last().cloned().unwrap_or_default(),
            known_as => known_as.to_string(),
        };
        let hands_on = is_public && self.file.path.ends_with("mod.rs");
        let Some(own) = self.note(&names, name.span().start().line, hands_on) else {
            return;
        };
        if self.inside.is_empty() {
            self.file.reexports.push((known_as.clone(), own.clone()));
            self.file.imports.insert(known_as, own);
        }
    }

    /// Paths in the tokens of a macro, which nobody has parsed.
    fn tokens(&mut self, tokens: proc_macro2::TokenStream) {
        use proc_macro2::TokenTree;
        let mut names: Names = Vec::new();
        let (mut line, mut colons) = (0, 0);
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.path(&std::mem::take(&mut names), line);
                    }
                    (line, colons) = (ident.span().start().line, 0);
                    names.push(ident.to_string());
                }
                other => {
                    self.path(&std::mem::take(&mut names), line);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.path(&names, line);
    }

    /// Types that a macro makes: their names behind the words that begin them.
    fn types_of(&mut self, tokens: proc_macro2::TokenStream) {
        use proc_macro2::TokenTree;
        let mut before = String::new();
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if before == "struct" || before == "enum" {
                        self.name_type(&ident);
                    }
                    before = ident.to_string();
                }
                TokenTree::Group(group) => self.types_of(group.stream()),
                _ => before.clear(),
            }
        }
    }

    fn path(&mut self, names: &[String], line: usize) {
        if names.len() > 1 {
            self.note(names, line, false);
        }
    }

    fn name_type(&mut self, ident: &syn::Ident) {
        if !self.is_test && self.inside.is_empty() {
            self.file.types.push(ident.to_string());
        }
    }
}

impl<'s> Visit<'s> for Reader {
    fn visit_item_mod(&mut self, item: &'s syn::ItemMod) {
        if item.content.is_none() {
            return;
        }
        let was_test = self.is_test;
        self.is_test |= item.attrs.iter().any(is_for_test_builds);
        self.inside.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.inside.pop();
        self.is_test = was_test;
    }

    fn visit_item_use(&mut self, item: &'s syn::ItemUse) {
        let was_test = self.is_test;
        self.is_test |= item.attrs.iter().any(is_for_test_builds);
        let is_public = !matches!(item.vis, syn::Visibility::Inherited);
        self.tree(&item.tree, &mut Vec::new(), is_public);
        self.is_test = was_test;
    }

    fn visit_path(&mut self, path: &'s syn::Path) {
        let names: Names = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        let line = path
            .segments
            .first()
            .map_or(0, |first| first.ident.span().start().line);
        self.path(&names, line);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'s syn::Macro) {
        self.visit_path(&item.path);
        self.tokens(item.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'s syn::Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
    }

    fn visit_item_macro(&mut self, item: &'s syn::ItemMacro) {
        self.types_of(item.mac.tokens.clone());
        visit::visit_item_macro(self, item);
    }

    fn visit_item_struct(&mut self, item: &'s syn::ItemStruct) {
        self.name_type(&item.ident);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'s syn::ItemEnum) {
        self.name_type(&item.ident);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_trait(&mut self, item: &'s syn::ItemTrait) {
        self.name_type(&item.ident);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'s syn::ItemType) {
        self.name_type(&item.ident);
        visit::visit_item_type(self, item);
    }

    fn visit_item_fn(&mut self, item: &'s syn::ItemFn) {
        if self.inside.is_empty() {
            self.file.items.insert(item.sig.ident.to_string());
        }
        visit::visit_item_fn(self, item);
    }

    fn visit_signature(&mut self, signature: &'s syn::Signature) {
        if !self.is_test && signature.inputs.iter().any(is_tuple) {
            self.file.tuple_takers.push(signature.ident.to_string());
        }
        visit::visit_signature(self, signature);
    }

    fn visit_item_const(&mut self, item: &'s syn::ItemConst) {
        if self.inside.is_empty() {
            self.file.items.insert(item.ident.to_string());
        }
        visit::visit_item_const(self, item);
    }

    fn visit_item_static(&mut self, item: &'s syn::ItemStatic) {
        if self.inside.is_empty() {
            self.file.items.insert(item.ident.to_string());
        }
        visit::visit_item_static(self, item);
    }

    fn visit_item_impl(&mut self, item: &'s syn::ItemImpl) {
        if let (None, false, syn::Type::Path(of)) = (&item.trait_, self.is_test, &*item.self_ty) {
            let last = of.path.segments.last().expect("a path has segments");
            self.file.inherent.push(last.ident.to_string());
        }
        visit::visit_item_impl(self, item);
    }
}

/// A parameter that is several in disguise.
fn is_tuple(parameter: &syn::FnArg) -> bool {
    let syn::FnArg::Typed(parameter) = parameter else {
        return false;
    };
    let is_tuple = |of: &syn::Type| matches!(of, syn::Type::Tuple(of) if !of.elems.is_empty());
    match &*parameter.ty {
        syn::Type::Reference(reference) => is_tuple(&reference.elem),
        of => is_tuple(of),
    }
}

fn lines_without_tests(path: &str, text: &str, syntax: &syn::File) -> usize {
    if is_for_tests(path) {
        return 0;
    }
    let tests = syntax.items.iter().filter_map(|item| match item {
        syn::Item::Mod(item) if item.attrs.iter().any(is_for_test_builds) => {
            let first = item.attrs.first()?.pound_token.span.start().line;
            let (braces, _) = item.content.as_ref()?;
            Some(braces.span.close().end().line + 1 - first)
        }
        _ => None,
    });
    text.lines().count() - tests.sum::<usize>()
}

fn is_for_test_builds(attribute: &syn::Attribute) -> bool {
    let is_test = |list: &syn::MetaList| list.tokens.to_string() == "test";
    attribute.path().is_ident("cfg") && attribute.meta.require_list().is_ok_and(is_test)
}

fn is_for_tests(path: &str) -> bool {
    let mut parts = path.split('/');
    parts.any(|part| ["tests", "tests.rs", "test_support.rs"].contains(&part))
}

fn declared(item: &syn::Item) -> Option<String> {
    match item {
        syn::Item::Mod(item) => Some(item.ident.to_string()),
        _ => None,
    }
}

fn module_of(path: &str) -> Names {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let names = path.split('/').map(str::to_owned);
    let mut names: Names = names.collect();
    if names
        .last()
        .is_some_and(|last| ["mod", "lib", "main"].contains(&&**last))
    {
        names.pop();
    }
    names
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of src can be listed") {
        let path = entry.expect("an entry of src can be read").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}
