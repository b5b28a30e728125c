//! Normals of many words at once.

use core::marker::PhantomData;

use crate::real::Real;
use crate::simd::{Work, widest};

/// The normals of many words, one for each word, in the widest vectors; a normal of T must take one word.
#[inline]
pub(crate) fn in_vectors<T: Real, const N: usize>(words: &[u32; N]) -> [T; N] {
    widest(Normals(words, PhantomData))
}

struct Normals<'a, T, const N: usize>(&'a [u32; N], PhantomData<T>);

impl<T: Real, const N: usize> Work for Normals<'_, T, N> {
    type Output = [T; N];

    #[inline(always)]
    fn work(self) -> [T; N] {
        const LANES: usize = 16;
        const { assert!(N.is_multiple_of(LANES), "nothing is left over") };

        let mut normals = [T::ZERO; N];
        let rows = self.0.as_chunks::<LANES>().0;
        for (normals, words) in normals.as_chunks_mut::<LANES>().0.iter_mut().zip(rows) {
            *normals = T::normal_lanes(|| *words);
        }
        normals
    }
}
