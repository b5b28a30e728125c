//! The widest vectors that the processor has, found when the program runs.
//!
//! Wider instructions change no bit: each lane is calculated as before, and no operations are fused.

/// Work to be done in vectors. All of it must be inlined, so that it is compiled for each width.
pub(crate) trait Work {
    type Output;

    fn work(self) -> Self::Output;
}

/// Does the work in the widest vectors.
#[cfg(all(feature = "simd", target_arch = "x86_64"))]
#[inline]
pub(crate) fn widest<W: Work>(work: W) -> W::Output {
    struct Widest<W>(W);

    impl<W: Work> pulp::WithSimd for Widest<W> {
        type Output = W::Output;

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _simd: S) -> W::Output {
            self.0.work()
        }
    }

    pulp::Arch::new().dispatch(Widest(work))
}

/// Does the work in the vectors that the program is built for.
#[cfg(not(all(feature = "simd", target_arch = "x86_64")))]
#[inline(always)]
pub(crate) fn widest<W: Work>(work: W) -> W::Output {
    work.work()
}
