// Within the loops of convolve_matrix.glsl, convolve_window.glsl and winograd_multiply.glsl: the four lanes of one texel
// for each pixel of a thread, at a_at of its copies, times their kernels, at b_at.

Copy a[THREAD_M / EACH];
for (int i = 0; i < THREAD_M / EACH; i++) a[i] = s_a[i][a_at];
for (int lane = 0; lane < 4; lane++) {
    Copy b[DEEP];
    for (int n = 0; n < DEEP; n++) b[n] = s_b[lane][n][b_at];
    for (int i = 0; i < THREAD_M / EACH; i++) {
        for (int n = 0; n < DEEP; n++) {
#if RUN > 0
            for (int k = 0; k < 4; k++) few[(i * DEEP + n) * 4 + k] += PAIR(a[i], lane) * PAIR(b[n], k);
#else
            sum[i * DEEP + n] += a[i][lane] * b[n];
#endif
        }
    }
}
