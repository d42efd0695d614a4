// Before the loops of convolve_matrix.glsl and convolve_window.glsl: what a thread adds up in half precision, of its pairs of
// pixels, its tiles and their lanes.
#if RUN > 0
Pair few[THREAD_M / 2 * DEEP * 4];
for (int i = 0; i < THREAD_M / 2 * DEEP * 4; i++) few[i] = Pair(0.0);
#endif
