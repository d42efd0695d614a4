// Within the loops of convolve_matrix.glsl and convolve_window.glsl: what has been fetched becomes the next step's copies.

int a_next_at = (step + 1 & 1) * A_SIZE;
int b_next_at = (step + 1 & 1) * B_SIZE;
for (int u = 0; u < A_EACH; u++) {
    if (A_UNITS % THREADS != 0 && me + u * THREADS >= A_UNITS) break;
#if RUN > 0
    s_a[a_to[u].x][a_next_at + a_to[u].y] = copy_of(a_next[2 * u], a_next[2 * u + 1]);
#else
    s_a[a_to[u].x][a_next_at + a_to[u].y] = a_next[u];
#endif
}
for (int u = 0; u < B_EACH; u++) {
    if (B_UNITS % THREADS != 0 && me + u * THREADS >= B_UNITS) break;
#if RUN > 0
    s_b[b_to[u].x][b_to[u].y][b_next_at + b_to[u].z] = copy_of(b_next[u], b_next[u]);
#else
    s_b[b_to[u].x][b_to[u].y][b_next_at + b_to[u].z] = b_next[u];
#endif
}
