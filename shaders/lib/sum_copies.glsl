// Within the loops of convolve_matrix.glsl and convolve_window.glsl, behind a step: what was added up in half precision joins
// the sums. The i-th pair is of the pixels 2i and 2i + 1.
#if RUN > 0
if ((step - from) % RUN == RUN - 1 || !more) {
    for (int i = 0; i < THREAD_M / 2; i++) {
        for (int n = 0; n < DEEP; n++) {
            for (int k = 0; k < 4; k++) {
                sum[2 * i * DEEP + n][k] += float(few[(i * DEEP + n) * 4 + k].x);
                sum[(2 * i + 1) * DEEP + n][k] += float(few[(i * DEEP + n) * 4 + k].y);
                few[(i * DEEP + n) * 4 + k] = Pair(0.0);
            }
        }
    }
}
#endif
