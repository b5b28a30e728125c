//! Which threads of a warp go first, so that those that have parted meet where their ways join.
//!
//! A GPU's assembler lets threads wait for each other where all ways from a branch have joined again, and at the head of
//! a loop for those that go round once more. That comes about if the thread that is furthest behind always goes first.
//! What "behind" means is an order of a function's blocks in which loops are whole and every jump but those back to the
//! head of a loop leads forwards (Bourdoncle's weak topological order, 1993), together with the rounds that a thread has
//! gone in each loop.

use crate::decode::{Inst, Kind, NONE};

/// Loops within loops whose rounds are counted; deeper ones are in one round.
pub const DEPTH: usize = 6;

/// The rounds that a thread has gone in each of the loops that it is in, from the outermost on.
pub type Rounds = [u32; DEPTH];

/// How far a thread has come: of each loop that it is in, its rank and the round, then the rank of the block and the
/// place in it. Less is further behind.
pub type Progress = [u32; 2 * DEPTH + 2];

/// A stretch of instructions without a jump from or to its middle.
struct Block {
    start: usize,
    /// Its place in the order.
    rank: u32,
    /// The heads of the loops that it is in, from the outermost on.
    loops: Vec<usize>,
}

/// The order of a function's blocks.
pub struct Order {
    blocks: Vec<Block>,
    /// The block of each instruction.
    block_of: Vec<usize>,
}

impl Order {
    pub fn new(code: &[Inst]) -> Self {
        let mut starts = vec![false; code.len()];
        let mut lead = |pc: usize| {
            if let Some(start) = starts.get_mut(pc) {
                *start = true;
            }
        };
        lead(0);
        for (pc, instruction) in code.iter().enumerate() {
            if instruction.kind.may_part() && instruction.kind != Kind::Call {
                lead(pc + 1);
            }
            targets(instruction).for_each(&mut lead);
        }
        let mut blocks = Vec::new();
        let mut block_of = Vec::new();
        for (pc, is_start) in starts.into_iter().enumerate() {
            if is_start {
                blocks.push(Block {
                    start: pc,
                    rank: 0,
                    loops: Vec::new(),
                });
            }
            block_of.push(blocks.len() - 1);
        }
        let mut walk = Walk {
            next: (0..blocks.len())
                .map(|block| {
                    let end = blocks.get(block + 1).map_or(code.len(), |next| next.start);
                    let last = &code[end - 1];
                    let ways = targets(last).chain(goes_on(last).then_some(end));
                    ways.filter_map(|pc| block_of.get(pc).copied()).collect()
                })
                .collect(),
            number: vec![Number::Unseen; blocks.len()],
            seen: 0,
            stack: Vec::new(),
        };
        let mut elements = Vec::new();
        if !blocks.is_empty() {
            walk.visit(0, &mut elements);
        }
        rank(&elements, &mut blocks, &mut 0, &[]);
        Self { blocks, block_of }
    }

    /// Whether a block begins at an instruction.
    pub fn is_start(&self, pc: usize) -> bool {
        self.blocks[self.block_of[pc]].start == pc
    }

    /// How far a thread at an instruction has come.
    pub fn progress(&self, pc: usize, rounds: &Rounds) -> Progress {
        let block = &self.blocks[self.block_of[pc]];
        let mut progress = [0; 2 * DEPTH + 2];
        let place = progress.chunks_exact_mut(2);
        for ((place, &head), &round) in place.zip(&block.loops).zip(rounds) {
            place.copy_from_slice(&[self.blocks[head].rank, round]);
        }
        let depth = block.loops.len().min(DEPTH);
        let offset = (pc - block.start) as u32;
        progress[2 * depth..2 * depth + 2].copy_from_slice(&[block.rank, offset]);
        progress
    }

    /// Counts the rounds of a thread that has gone from one instruction to another of the same call.
    pub fn count_rounds(&self, from: usize, to: usize, rounds: &mut Rounds) {
        let [old, new] = [from, to].map(|pc| self.block_of[pc]);
        if old == new && to > from {
            return;
        }
        for (depth, (&head, round)) in self.blocks[new].loops.iter().zip(rounds).enumerate() {
            if self.blocks[old].loops.get(depth) != Some(&head) {
                *round = 0;
            } else if head == new {
                *round += 1;
            }
        }
    }
}

/// Where an instruction may jump to.
fn targets(instruction: &Inst) -> impl Iterator<Item = usize> + '_ {
    let jump = (instruction.kind == Kind::Bra).then_some(instruction.imm as usize);
    let table = if instruction.kind == Kind::Brx {
        &*instruction.list
    } else {
        &[]
    };
    jump.into_iter().chain(table.iter().map(|&pc| pc as usize))
}

/// Whether the next instruction may follow.
fn goes_on(instruction: &Inst) -> bool {
    let leaves = matches!(
        instruction.kind,
        Kind::Bra | Kind::Brx | Kind::Ret | Kind::Exit | Kind::Trap
    );
    !leaves || instruction.guard != NONE
}

/// A part of the order.
enum Element {
    Block(usize),
    /// A loop: its head and the rest.
    Loop(usize, Vec<Element>),
}

#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Number {
    Unseen,
    Seen(usize),
    Done,
}

/// Bourdoncle's algorithm, figure 4 of "Efficient chaotic iteration strategies with widenings".
struct Walk {
    /// The blocks that may follow each.
    next: Vec<Vec<usize>>,
    number: Vec<Number>,
    seen: usize,
    stack: Vec<usize>,
}

impl Walk {
    /// Adds what is reached from a block to the elements, the last one first; returns the least number on the stack
    /// that is reached.
    fn visit(&mut self, block: usize, elements: &mut Vec<Element>) -> Number {
        self.stack.push(block);
        self.seen += 1;
        let own = Number::Seen(self.seen);
        self.number[block] = own;
        let (mut head, mut is_loop) = (own, false);
        for next in self.next[block].clone() {
            let least = match self.number[next] {
                Number::Unseen => self.visit(next, elements),
                number => number,
            };
            if least <= head {
                (head, is_loop) = (least, true);
            }
        }
        if head == own {
            self.number[block] = Number::Done;
            while let Some(member) = self.stack.pop()
                && member != block
            {
                self.number[member] = Number::Unseen;
            }
            elements.push(if is_loop {
                let mut rest = Vec::new();
                for next in self.next[block].clone() {
                    if self.number[next] == Number::Unseen {
                        self.visit(next, &mut rest);
                    }
                }
                Element::Loop(block, rest)
            } else {
                Element::Block(block)
            });
        }
        head
    }
}

/// Numbers the blocks in the order of the elements, which are the last one first.
fn rank(elements: &[Element], blocks: &mut [Block], next: &mut u32, loops: &[usize]) {
    for element in elements.iter().rev() {
        let (block, rest) = match element {
            Element::Block(block) => (*block, None),
            Element::Loop(head, rest) => (*head, Some(rest)),
        };
        let mut loops = loops.to_vec();
        if rest.is_some() {
            loops.push(block);
        }
        *next += 1;
        blocks[block].rank = *next;
        if let Some(rest) = rest {
            rank(rest, blocks, next, &loops);
        }
        blocks[block].loops = loops;
    }
}
