//! Cuts a run that fails down to the operations that matter.

use super::operation::Operation;
use super::runner::{Difference, replay};
use super::server::Server;
use super::world::World;

/// A run as short as could be found that still fails.
pub(super) struct Shrunken {
    pub(super) operations: Vec<Operation>,
    pub(super) difference: Difference,
}

/// Leaves out stretches, ever shorter ones, as long as the run still fails somewhere.
pub(super) fn shrink(server: &mut Server, world: &World, operations: &[Operation], difference: Difference) -> Shrunken {
    let mut best = Shrunken { operations: operations[..=difference.at].to_vec(), difference };
    let mut stretch = best.operations.len().div_ceil(2);
    loop {
        let (mut start, mut shorter) = (0, false);
        while start < best.operations.len() {
            let mut without = best.operations.clone();
            without.drain(start..(start + stretch).min(best.operations.len()));
            if let Some(difference) = replay(server, world, &without) {
                without.truncate(difference.at + 1);
                best = Shrunken { operations: without, difference };
                shorter = true;
            } else {
                start += stretch;
            }
        }
        if stretch == 1 && !shorter {
            break;
        }
        stretch = (stretch / 2).max(1);
    }
    simplify(server, world, &mut best);
    best
}

/// Makes the operations that are left smaller: fewer ends, holds and jobs in each.
fn simplify(server: &mut Server, world: &World, best: &mut Shrunken) {
    let mut index = 0;
    while index < best.operations.len() {
        let simpler = best.operations[index].simpler().into_iter().find_map(|simpler| {
            let mut changed = best.operations.clone();
            changed[index] = simpler;
            replay(server, world, &changed).map(|difference| (changed, difference))
        });
        if let Some((mut changed, difference)) = simpler {
            changed.truncate(difference.at + 1);
            *best = Shrunken { operations: changed, difference };
        } else {
            index += 1;
        }
    }
}
