//! Unpacked trees, shared by all who use them and kept a while after the last one let go.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use manifests::{Digest, Tree};

/// How many bytes of trees that nobody holds are kept: units of one repository come one after the
/// other, and each would read the archive anew.
const KEPT: usize = 32 << 20;

#[derive(Debug, Default)]
pub(super) struct Trees(Mutex<Shared>);

#[derive(Debug, Default)]
struct Shared {
    held: HashMap<Digest, Weak<Tree>>,
    /// The latest at the front, with their sizes.
    recent: VecDeque<(Digest, usize, Arc<Tree>)>,
}

impl Trees {
    /// Returns a tree that is in memory.
    pub(super) fn find(&self, digest: &Digest) -> Option<Arc<Tree>> {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tree = shared.held.get(digest)?.upgrade()?;
        shared.keep(digest, &tree);
        Some(tree)
    }

    /// Shares a tree with all who ask for the same digest from now on.
    pub(super) fn share(&self, digest: &Digest, tree: Tree) -> Arc<Tree> {
        let tree = Arc::new(tree);
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shared.held.insert(digest.clone(), Arc::downgrade(&tree));
        shared.keep(digest, &tree);
        tree
    }

    /// Forgets what nobody holds any more.
    pub(super) fn sweep(&self) {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shared.held.retain(|_, tree| tree.strong_count() > 0);
    }
}

impl Shared {
    fn keep(&mut self, digest: &Digest, tree: &Arc<Tree>) {
        let entry = match self.recent.iter().position(|(known, ..)| known == digest) {
            Some(0) => return,
            Some(place) => self.recent.remove(place),
            None => None,
        };
        let entry = entry.unwrap_or_else(|| (digest.clone(), tree.size(), Arc::clone(tree)));
        self.recent.push_front(entry);
        while self.recent.iter().map(|(_, size, _)| size).sum::<usize>() > KEPT {
            self.recent.pop_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use manifests::File;

    use super::*;

    fn tree(size: usize) -> Tree {
        let mut tree = Tree::default();
        let content = Bytes::from(vec![0; size]);
        tree.insert(
            "file".parse().unwrap(),
            File {
                content,
                executable: false,
            },
        );
        tree
    }

    fn digest(byte: u8) -> Digest {
        Digest::from_sha256([byte; 32])
    }

    #[test]
    fn tree_nobody_holds_is_found_again() {
        let trees = Trees::default();
        drop(trees.share(&digest(1), tree(10)));
        assert!(trees.find(&digest(1)).is_some());
        assert!(trees.find(&digest(2)).is_none());
    }

    #[test]
    fn oldest_trees_go_first_and_held_ones_stay_findable() {
        let trees = Trees::default();
        let held = trees.share(&digest(1), tree(KEPT / 2));
        drop(trees.share(&digest(2), tree(KEPT / 2)));
        drop(trees.share(&digest(3), tree(KEPT / 2)));
        assert!(
            trees
                .find(&digest(1))
                .is_some_and(|found| Arc::ptr_eq(&found, &held))
        );
        drop(held);
        assert!(trees.find(&digest(2)).is_none());
    }

    #[test]
    fn tree_larger_than_all_is_not_kept() {
        let trees = Trees::default();
        drop(trees.share(&digest(1), tree(KEPT + 1)));
        assert!(trees.find(&digest(1)).is_none());
    }
}
