// A convolution as a product of matrices: (output pixels of one phase) × (input channels and cells), times
// (input channels and cells) × (output channels). A workgroup makes a run of WORK_M pixels × WORK_N channels, WORK_K
// rows of the long axis at a time, from copies in shared memory; a thread makes THREAD_M × THREAD_N in registers.
//
//       k = 4 * (input tile * cells + cell) + lane
//
//       s_a[i][v]          a texel as it is read, for the i-th pixel of the thread v, or pair of pixels: lib/halves.glsl
//       s_b[lane][n][v]    four output channels of an input channel and a cell, the n-th ones of the thread v
//
// What is the same for every thread comes first in both, so that a place is a number of the thread's own, worked out
// once for four rows, and a constant. Threads side by side read, multiply and store pixels side by side.
//
// While one pair of copies is multiplied, the next is on its way in registers. Small maps have too few workgroups to
// fill a GPU: the long axis is then shared among u_grid.x of them.
//
// u_grid = (parts of the long axis, columns of workgroups along N, pixels of a phase across, down)
#include "lib/taps.glsl"
#include "lib/kernel.glsl"

#define THREADS_M (WORK_M / THREAD_M)
#define THREADS_N (WORK_N / THREAD_N)
#define DEEP (THREAD_N / 4)
#define K4 (WORK_K / 4)

#define A_UNITS (WORK_M / EACH * K4)
#define A_SIZE (K4 * THREADS_M)
#define B_UNITS (WORK_N / 4 * WORK_K)
#define B_SIZE (K4 * THREADS_N)
#include "lib/copies.glsl"
int first_pixel = group / u_grid.y * WORK_M;
int column = me % THREADS_M;
int row = me / THREADS_M;

ivec2 place_of(int pixel) {
    return ivec2(pixel % u_grid.z, pixel / u_grid.z);
}

ivec2 output_place(int pixel) {
    ivec2 p = place_of(pixel) * PHASES + turn;
    return pixel < u_grid.z * u_grid.w && p.x < u_shape.z && p.y < u_shape.y ? p : ivec2(-1);
}

#define OUTPUT_PLACE(i) output_place(first_pixel + column + i * THREADS_M)
#define OUTPUT_TILE(n) (first_tile + row + n * THREADS_N)
#include "lib/convolve_end.glsl"

// An input tile and a cell, so many further on.
ivec2 next_row(ivec2 at, ivec2 stride, int cells) {
    at += stride;
    return at.y >= cells ? ivec2(at.x + 1, at.y - cells) : at;
}

void main() {
    int pixels = u_grid.z * u_grid.w;
    if (first_pixel >= pixels) return;
    Phase phase = phase_at(turn);
    int cells = phase.count.x * phase.count.y;
    int inputs = u_kernel_layout.x;
    int out_tiles = (u_shape.x + 3) / 4;

    int rows = inputs * cells;
    int steps = (rows + K4 - 1) / K4;
    int from = steps * part / parts;
    int to = steps * (part + 1) / parts;

    // Input tile and cell of every row that this thread copies, carried along: a division costs twenty instructions.
    ivec2 stride = cells > 0 ? ivec2(K4 / cells, K4 % cells) : ivec2(0);
    ivec2 a_row[A_EACH];
    ivec2 corner[A_EACH * EACH];
    ivec2 a_to[A_EACH];
    for (int u = 0; u < A_EACH; u++) {
        int unit = me + u * THREADS;
        int row_of = unit / (WORK_M / EACH), at = unit % (WORK_M / EACH), i = at / THREADS_M, thread = at % THREADS_M;
        int k4 = from * K4 + row_of;
        a_row[u] = cells > 0 ? ivec2(k4 / cells, k4 % cells) : ivec2(0);
        for (int e = 0; e < EACH; e++) {
            int pixel = first_pixel + (i * EACH + e) * THREADS_M + thread;
            corner[u * EACH + e] = place_of(min(pixel, pixels - 1)) * STEP + phase.first;
        }
        a_to[u] = ivec2(i, row_of * THREADS_M + thread);
    }
    ivec2 b_row[B_EACH];
    int b_place[B_EACH];
    ivec3 b_to[B_EACH];
    for (int u = 0; u < B_EACH; u++) {
        int unit = me + u * THREADS;
        int k = unit % WORK_K, tile = unit / WORK_K, k4 = from * K4 + k / 4;
        b_row[u] = cells > 0 ? ivec2(k4 / cells, k4 % cells) : ivec2(0);
        b_place[u] = kernel_place(min(first_tile + tile, out_tiles - 1), 0, phase.base) + k % 4;
        b_to[u] = ivec3(k % 4, tile / THREADS_N, k / 4 * THREADS_N + tile % THREADS_N);
    }

    vec4 sum[THREAD_M * DEEP];
    for (int i = 0; i < THREAD_M * DEEP; i++) sum[i] = vec4(0.0);
#include "lib/few_copies.glsl"
    vec4 a_next[A_EACH * EACH];
    vec4 b_next[B_EACH];
    // Step `from - 1` multiplies nothing; it only fetches the first pair.
    for (int step = from - 1; step < to; step++) {
        bool more = step + 1 < to;
        if (more) {
            for (int u = 0; u < A_EACH; u++) {
                int j = a_row[u].x;
                int ty = quotient(a_row[u].y, phase.count.x);
                bool used = j < inputs && (A_UNITS % THREADS == 0 || me + u * THREADS < A_UNITS);
                for (int e = 0; e < EACH; e++) {
                    ivec2 q = corner[u * EACH + e] + ivec2(a_row[u].y - ty * phase.count.x, ty) * SPACING;
                    a_next[u * EACH + e] = vec4(0.0);
                    if (used && source(q)) a_next[u * EACH + e] = input_value(j, q);
                }
                a_row[u] = next_row(a_row[u], stride, cells);
            }
            // Of rows past the last something is fetched that nobody multiplies.
            for (int u = 0; u < B_EACH; u++) {
                b_next[u] = u_kernel[b_place[u] + (min(b_row[u].x, inputs - 1) * CELLS + b_row[u].y) * 4];
                b_row[u] = next_row(b_row[u], stride, cells);
            }
        }
        if (step >= from) {
#include "lib/multiply_rows.glsl"
        }
        if (more) {
#include "lib/keep_copies.glsl"
        }
        barrier();
    }
#include "lib/all_copies.glsl"
    end(sum);
}
