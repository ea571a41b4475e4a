//! The Merkle tree of RFC 6962, section 2.1: a root over lines, and the path that shows that one line is
//! among them. SHA-256; a leaf is hashed behind a byte 0 and a node behind a byte 1, so that neither can stand
//! for the other.

use sha2::{Digest as _, Sha256};

/// A hash of the tree.
pub(super) type TreeHash = [u8; 32];

/// The hash of a line.
pub(super) fn leaf_hash(line: &[u8]) -> TreeHash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(line);
    hasher.finalize().into()
}

fn node_hash(left: &TreeHash, right: &TreeHash) -> TreeHash {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// Makes the root of lines that come one after the other. Keeps one hash for each bit of their number.
#[derive(Debug, Clone, Default)]
pub(super) struct TreeBuilder {
    size: u64,
    /// Roots of full trees, the largest first.
    peaks: Vec<TreeHash>,
}

impl TreeBuilder {
    /// Adds the next leaf.
    pub(super) fn push(&mut self, leaf: TreeHash) {
        let mut node = leaf;
        // Two full trees of one size become one: as many as the number of leaves has ones at its end.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// How many leaves there are.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The root; of no leaves the hash of nothing.
    pub(super) fn root(&self) -> TreeHash {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            Some(last) => peaks.fold(*last, |right, left| node_hash(left, &right)),
            None => Sha256::digest([]).into(),
        }
    }
}

fn root_of(leaves: &[TreeHash]) -> TreeHash {
    let mut builder = TreeBuilder::default();
    for leaf in leaves {
        builder.push(*leaf);
    }
    builder.root()
}

/// The hashes that lead from a leaf to the root, the lowest first; nothing if there is no such leaf.
pub(super) fn path(leaves: &[TreeHash], index: usize) -> Option<Vec<TreeHash>> {
    if index >= leaves.len() {
        return None;
    }
    let (mut part, mut index, mut path) = (leaves, index, Vec::new());
    while part.len() > 1 {
        let (left, right) = part.split_at(largest_power_below(part.len()));
        if index < left.len() {
            path.push(root_of(right));
            part = left;
        } else {
            path.push(root_of(left));
            index -= left.len();
            part = right;
        }
    }
    path.reverse();
    Some(path)
}

/// The largest power of two below a number above 1.
fn largest_power_below(length: usize) -> usize {
    1 << (length - 1).ilog2()
}

/// The root that a leaf and its path lead to, in a tree of so many leaves; nothing if the path does not
/// belong to this place (RFC 9162, section 2.1.3.2).
pub(super) fn root_by_path(
    leaf: TreeHash,
    index: u64,
    size: u64,
    path: &[TreeHash],
) -> Option<TreeHash> {
    if index >= size {
        return None;
    }
    let (mut place, mut last, mut root) = (index, size - 1, leaf);
    for hash in path {
        if last == 0 {
            return None;
        }
        if place % 2 == 1 || place == last {
            root = node_hash(hash, &root);
            while place % 2 == 0 && place != 0 {
                place /= 2;
                last /= 2;
            }
        } else {
            root = node_hash(&root, hash);
        }
        place /= 2;
        last /= 2;
    }
    (last == 0).then_some(root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::manifest::hex;

    /// The inputs of the reference implementation of Certificate Transparency.
    const LINES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];

    fn leaves(count: usize) -> Vec<TreeHash> {
        let lines = (0..count).map(|line| leaf_hash(line.to_string().as_bytes()));
        lines.collect()
    }

    #[test]
    fn roots_are_those_of_the_reference_implementation() {
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut builder = TreeBuilder::default();
        assert_eq!(
            hex(&builder.root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        for (line, root) in LINES.iter().zip(roots) {
            builder.push(leaf_hash(line));
            assert_eq!(hex(&builder.root()), root, "{} lines", builder.size());
        }
    }

    #[test]
    fn each_path_leads_to_the_root_and_to_no_other_place() {
        for count in 1..40 {
            let leaves = leaves(count);
            let (root, size) = (root_of(&leaves), count as u64);
            for (index, leaf) in leaves.iter().enumerate() {
                let path = path(&leaves, index).unwrap();
                let at = |index: usize| root_by_path(*leaf, index as u64, size, &path);
                assert_eq!(at(index), Some(root), "{index} of {count}");
                for other in (0..count).filter(|other| *other != index) {
                    assert_ne!(at(other), Some(root), "{other} for {index} of {count}");
                }
            }
        }
    }

    #[test]
    fn a_path_that_was_changed_does_not_lead_to_the_root() {
        let leaves = leaves(11);
        let root = root_of(&leaves);
        let path = path(&leaves, 5).unwrap();
        for at in 0..path.len() {
            let mut other = path.clone();
            other[at][7] ^= 1;
            assert_ne!(root_by_path(leaves[5], 5, 11, &other), Some(root));
            other.remove(at);
            assert_ne!(root_by_path(leaves[5], 5, 11, &other), Some(root));
        }
        let longer = [&path[..], &[[0; 32]]].concat();
        assert_eq!(root_by_path(leaves[5], 5, 11, &longer), None);
        assert_eq!(root_by_path(leaves[5], 11, 11, &path), None);
        // Behind the only leaf, and in no tree, the empty path would lead somewhere.
        assert_eq!(root_by_path(leaves[0], 1, 1, &[]), None);
        assert_eq!(root_by_path(leaves[0], 0, 0, &[]), None);
        assert_eq!(super::path(&leaves, 11), None);
    }
}
