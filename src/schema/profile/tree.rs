//! The arena that a profile's nodes live in, and how it stays bounded whatever the data is.
//!
//! If there are more paths than the limit, those whose hash is above a threshold are dropped, and the threshold is
//! halved until the rest fits. A path is only kept if all on the way to it are. The threshold that this ends at, and so
//! the paths that are kept, depend on the set of paths alone: not on the order in which they came, nor on how the
//! records were split over profiles that are merged. A path that is kept was so from its first occurrence, so its
//! counts are complete; of a dropped one, its parent knows how often there was one.

use super::node::{Node, Place, canonical};

/// Paths that a profile keeps by default.
pub(crate) const DEFAULT_LIMIT: usize = 10_000;
/// Keys of more bytes are never kept: no table could name them.
const LONGEST_NAME: usize = 1024;

pub(crate) const ROOT: u32 = 0;

#[derive(Clone)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// Places in `nodes` that were dropped, to be used again.
    free: Vec<u32>,
    limit: usize,
    /// Nodes of this rank and above are not kept.
    threshold: u64,
}

fn mix(state: u64, word: u64) -> u64 {
    let product = u128::from(state ^ word) * u128::from(0x9e37_79b9_7f4a_7c15_u64 | 1);
    (product as u64) ^ ((product >> 64) as u64)
}

/// The hash of a path with one more key: the same on every machine and in every run.
fn path_of(parent: u64, name: &str) -> u64 {
    let mut state = mix(parent, 0xa076_1d64_78bd_642f ^ name.len() as u64);
    for chunk in name.as_bytes().chunks(8) {
        let mut word = [0; 8];
        if let Some(head) = word.get_mut(..chunk.len()) {
            head.copy_from_slice(chunk);
        }
        state = mix(state.rotate_left(23), u64::from_le_bytes(word) ^ 0xe703_7ed1_a0b4_28db);
    }
    mix(state, 0x8ebc_6af0_9c88_c6e3)
}

impl Tree {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            nodes: vec![Node::new(0x51_7c_c1_b7_27_22_0a_95, 0)],
            free: Vec::new(),
            limit: limit.max(1),
            threshold: u64::MAX,
        }
    }

    /// Some paths were dropped.
    pub(crate) fn overflowed(&self) -> bool {
        self.threshold < u64::MAX || self.nodes.iter().any(|node| node.unkept > 0)
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    /// More nodes than there may be; [`Tree::prune`] is due.
    pub(crate) fn is_too_large(&self) -> bool {
        self.len() > self.limit
    }

    pub(crate) fn get(&self, id: u32) -> Option<&Node> {
        self.nodes.get(id as usize)
    }

    pub(crate) fn get_mut(&mut self, id: u32) -> Option<&mut Node> {
        self.nodes.get_mut(id as usize)
    }

    pub(crate) fn root(&self) -> &Node {
        // The root is made with the tree and is never dropped.
        &self.nodes[0]
    }

    fn insert(&mut self, node: Node) -> u32 {
        if let Some(id) = self.free.pop()
            && let Some(place) = self.nodes.get_mut(id as usize)
        {
            *place = node;
            return id;
        }
        self.nodes.push(node);
        (self.nodes.len() - 1) as u32
    }

    /// The slot of a member, made if need be; `None` if it is not to be kept.
    pub(crate) fn member(&mut self, parent: u32, name: &str) -> Option<u32> {
        let node = self.nodes.get(parent as usize)?;
        if let Some(slot) = node.members.find(name) {
            return Some(slot);
        }
        if name.len() > LONGEST_NAME {
            return None;
        }
        // Spellings of one name are kept or dropped together.
        let path = path_of(node.path, &canonical(name));
        let rank = node.rank.max(path);
        if rank >= self.threshold {
            return None;
        }
        let child = self.insert(Node::new(path, rank));
        Some(self.nodes.get_mut(parent as usize)?.members.add(name, child))
    }

    /// The node of an array's elements, made if need be.
    pub(crate) fn items(&mut self, parent: u32) -> Option<u32> {
        let node = self.nodes.get(parent as usize)?;
        if let Some(items) = node.items {
            return Some(items);
        }
        let (path, rank) = (mix(node.path, 0x2d35_8dcc_aa6c_78a5), node.rank);
        let child = self.insert(Node::new(path, rank));
        self.nodes.get_mut(parent as usize)?.items = Some(child);
        Some(child)
    }

    /// Drops nodes until there are few enough; says of each place in the arena whether it is free now.
    pub(crate) fn prune(&mut self) -> Vec<bool> {
        while self.is_too_large() && self.threshold > 0 {
            self.threshold >>= 1;
            self.drop_above_threshold();
        }
        let mut dropped = vec![false; self.nodes.len()];
        for &id in &self.free {
            if let Some(flag) = dropped.get_mut(id as usize) {
                *flag = true;
            }
        }
        dropped
    }

    fn drop_above_threshold(&mut self) {
        let mut todo = vec![ROOT];
        while let Some(id) = todo.pop() {
            let Some(node) = self.nodes.get(id as usize) else {
                continue;
            };
            todo.extend(node.items);
            let mut above = Vec::new();
            for member in &node.members.list {
                match self.nodes.get(member.node as usize) {
                    Some(child) if child.rank < self.threshold => todo.push(member.node),
                    _ => above.push(member.node),
                }
            }
            if above.is_empty() {
                continue;
            }
            above.sort_unstable();
            let (mut unkept, mut inexact) = (0, 0);
            for &child in &above {
                let (times, numbers) = self.totals(child);
                unkept += times;
                inexact += numbers;
                self.free_subtree(child);
            }
            if let Some(node) = self.nodes.get_mut(id as usize) {
                node.unkept += unkept;
                node.unkept_inexact += inexact;
                node.members.retain(|member| above.binary_search(&member.node).is_err());
            }
        }
    }

    /// How often a member was there, and how many numbers in it binary64 changes.
    fn totals(&self, id: u32) -> (u64, u64) {
        let times = self.get(id).map_or(0, |node| node.present + node.repeated);
        (times, self.inexact_fractions(id))
    }

    /// Fractions at and below a node that binary64 changes.
    pub(crate) fn inexact_fractions(&self, id: u32) -> u64 {
        let (mut todo, mut sum) = (vec![id], 0);
        while let Some(node) = todo.pop().and_then(|id| self.get(id)) {
            sum += node.numbers.inexact_fractions + node.unkept_inexact;
            todo.extend(node.items);
            todo.extend(node.members.list.iter().map(|member| member.node));
        }
        sum
    }

    fn free_subtree(&mut self, id: u32) {
        let mut todo = vec![id];
        while let Some(id) = todo.pop() {
            let Some(node) = self.nodes.get_mut(id as usize) else {
                continue;
            };
            todo.extend(node.items);
            todo.extend(node.members.list.iter().map(|member| member.node));
            *node = Node::new(0, 0);
            self.free.push(id);
        }
    }

    /// Adds another tree to this one.
    pub(crate) fn merge(&mut self, other: &Tree) {
        self.limit = self.limit.min(other.limit);
        if other.threshold < self.threshold {
            self.threshold = other.threshold;
            self.drop_above_threshold();
        }
        let mut todo = vec![(ROOT, ROOT)];
        while let Some((mine, theirs)) = todo.pop() {
            let Some(source) = other.get(theirs) else {
                continue;
            };
            if let Some(node) = self.get_mut(mine) {
                node.merge(source);
            }
            if let Some(items) = source.items
                && let Some(own) = self.items(mine)
            {
                todo.push((own, items));
            }
            for member in &source.members.list {
                let slot = self.member(mine, &member.name);
                let own = slot.and_then(|slot| self.get(mine)?.members.list.get(slot as usize));
                if let Some(own) = own {
                    todo.push((own.node, member.node));
                } else {
                    let (times, inexact) = other.totals(member.node);
                    if let Some(node) = self.get_mut(mine) {
                        node.unkept += times;
                        node.unkept_inexact += inexact;
                    }
                }
            }
        }
        self.prune();
    }

    /// A node's members in the order in which they first stood, then by name.
    pub(crate) fn in_order<'a>(&self, node: &'a Node) -> Vec<(&'a str, u32)> {
        let mut members: Vec<(Place, &str, u32)> = node
            .members
            .list
            .iter()
            .filter_map(|member| {
                let first = self.get(member.node)?.first;
                Some((first, &*member.name, member.node))
            })
            .collect();
        members.sort_unstable();
        members.into_iter().map(|(_, name, id)| (name, id)).collect()
    }

    pub(crate) fn same(&self, other: &Tree) -> bool {
        if (self.limit, self.threshold) != (other.limit, other.threshold) {
            return false;
        }
        let mut todo = vec![(ROOT, ROOT)];
        while let Some((mine, theirs)) = todo.pop() {
            let (Some(a), Some(b)) = (self.get(mine), other.get(theirs)) else {
                return false;
            };
            if !a.same(b) || a.members.list.len() != b.members.list.len() {
                return false;
            }
            match (a.items, b.items) {
                (None, None) => {}
                (Some(a), Some(b)) => todo.push((a, b)),
                _ => return false,
            }
            for member in &a.members.list {
                let found = b.members.find(&member.name);
                let Some(found) = found.and_then(|slot| b.members.list.get(slot as usize)) else {
                    return false;
                };
                todo.push((member.node, found.node));
            }
        }
        true
    }
}
