// Within the loops of convolve_tile.glsl and convolve_window.glsl: the four lanes of one texel for each pixel of a thread,
// at a_at of its copies, times their kernels, at b_at.

vec4 a[THREAD_M];
for (int i = 0; i < THREAD_M; i++) a[i] = s_a[i][a_at];
for (int lane = 0; lane < 4; lane++) {
    vec4 b[DEEP];
    for (int n = 0; n < DEEP; n++) b[n] = s_b[lane][n][b_at];
    for (int i = 0; i < THREAD_M; i++) {
        for (int n = 0; n < DEEP; n++) sum[i * DEEP + n] += a[i][lane] * b[n];
    }
}
