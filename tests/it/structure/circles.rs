//! Groups of files that use each other in a circle (Tarjan's strongly connected components).

use std::collections::{BTreeMap, BTreeSet};

struct Search<'g, N> {
    graph: &'g BTreeMap<N, BTreeSet<N>>,
    /// When a node was met first, and the earliest that can be reached from it.
    met: BTreeMap<N, (usize, usize)>,
    open: Vec<N>,
    circles: Vec<BTreeSet<N>>,
}

/// The circles of a graph, each as the set of its nodes.
pub(crate) fn circles<N: Ord + Copy>(graph: &BTreeMap<N, BTreeSet<N>>) -> Vec<BTreeSet<N>> {
    let mut search = Search {
        graph,
        met: BTreeMap::new(),
        open: Vec::new(),
        circles: Vec::new(),
    };
    for node in graph.keys() {
        if !search.met.contains_key(node) {
            search.visit(*node);
        }
    }
    search.circles
}

impl<N: Ord + Copy> Search<'_, N> {
    fn visit(&mut self, node: N) -> usize {
        let number = self.met.len();
        let mut lowest = number;
        self.met.insert(node, (number, number));
        self.open.push(node);
        for next in self.graph.get(&node).into_iter().flatten() {
            let reached = match self.met.get(next) {
                None => self.visit(*next),
                Some((number, _)) if self.open.contains(next) => *number,
                Some(_) => continue,
            };
            lowest = lowest.min(reached);
        }
        self.met.insert(node, (number, lowest));
        if lowest == number {
            let start = self.open.iter().position(|open| *open == node);
            let circle = self.open.split_off(start.expect("it is open"));
            if circle.len() > 1 {
                self.circles.push(circle.into_iter().collect());
            }
        }
        lowest
    }
}
