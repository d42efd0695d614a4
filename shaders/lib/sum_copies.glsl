// Within the loops of convolve_matrix.glsl, convolve_window.glsl and winograd_multiply.glsl, behind a step: what was added
// up in half precision joins the sums.
#if RUN > 0
if ((step - from) % RUN == RUN - 1 || !more) {
#if ALL_HALF
    for (int i = 0; i < PAIRS; i++) all[i] += few[i];
#else
    ADD_PAIRS(few)
#endif
    for (int i = 0; i < PAIRS; i++) few[i] = Pair(0.0);
}
#endif
