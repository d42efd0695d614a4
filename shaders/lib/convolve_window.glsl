// A convolution in which a workgroup makes a rectangle of WORK_W × WORK_H pixels of one phase × WORK_N channels from
// copies in shared memory: of the window that the rectangle sees of the input, so that cells side by side share what
// they read, and of the kernels. A thread makes THREAD_M pixels, one below the other, × THREAD_N channels in registers.
//
// A step is one row of cells in DEPTH input tiles, all tiles of a row before the next row:
//
//       s_a[i][v]          a texel of the window, for the i-th pixel of the thread v, or pair of pixels: lib/halves.glsl
//                          columns that one cell reads, STEP_W apart, lie side by side: 0 2 4 6 . 1 3 5 7 for STEP_W = 2
//       s_b[lane][n][v]    four output channels of an input channel and a cell, the n-th ones of the thread v
//
// What is the same for every thread comes first in both, so that a place is a number of the thread's own, worked out
// once for a cell, and a constant.
//
// While one pair of copies is multiplied, the next is on its way in registers. The steps may be shared among u_grid.x
// workgroups.
//
// u_grid = (parts of the steps, columns of workgroups along N, pixels of a phase across, down)
#include "lib/taps.glsl"
#include "lib/kernel.glsl"

#define THREADS_N (WORK_N / THREAD_N)
#define DEEP (THREAD_N / 4)
#define HIGH (WORK_H / THREAD_M)
#define WIDE ((WORK_W - 1) * STEP_W + (MOST_W - 1) * SPACING_W + 1)
#define PLANE ((WIDE + STEP_W - 1) / STEP_W)
#define ROWS (DEPTH * MOST_W * 4)

#define A_UNITS (DEPTH * WORK_H / EACH * WIDE)
#define A_SIZE (DEPTH * HIGH * STEP_W * PLANE)
#define B_UNITS (WORK_N / 4 * ROWS)
#define B_SIZE (DEPTH * MOST_W * THREADS_N)
#include "lib/copies.glsl"

int rectangles = (u_grid.z + WORK_W - 1) / WORK_W;
ivec2 corner = ivec2(group / u_grid.y % rectangles, group / u_grid.y / rectangles) * ivec2(WORK_W, WORK_H);
int column = me % (WORK_W * HIGH);
int row = me / (WORK_W * HIGH);

ivec2 output_place(ivec2 place) {
    ivec2 p = place * PHASES + turn;
    return all(lessThan(place, u_grid.zw)) && p.x < u_shape.z && p.y < u_shape.y ? p : ivec2(-1);
}

#define OUTPUT_PLACE(i) output_place(corner + ivec2(column % WORK_W, column / WORK_W + i * HIGH))
#define OUTPUT_TILE(n) (first_tile + row + n * THREADS_N)
#include "lib/convolve_end.glsl"

void main() {
    if (corner.y >= u_grid.w) return;
    Phase phase = phase_at(turn);
    int inputs = u_kernel_layout.x;
    int out_tiles = (u_shape.x + 3) / 4;

    int steps_of_row = (inputs + DEPTH - 1) / DEPTH;
    int steps = phase.count.x > 0 ? steps_of_row * phase.count.y : 0;
    int from = steps * part / parts;
    int to = steps * (part + 1) / parts;

    // What this thread copies in every step. No pixel past the last is asked for.
    ivec2 a_place[A_EACH * EACH];
    int a_input[A_EACH];
    ivec2 a_to[A_EACH];
    ivec2 last = (u_grid.zw - 1) * STEP + phase.first + (phase.count - 1) * SPACING;
    for (int u = 0; u < A_EACH; u++) {
        int unit = me + u * THREADS;
        int x = unit % WIDE, y = unit / WIDE % (WORK_H / EACH);
        a_input[u] = unit / (WIDE * WORK_H / EACH);
        for (int e = 0; e < EACH; e++) {
            int down = corner.y + (y / HIGH * EACH + e) * HIGH + y % HIGH;
            a_place[u * EACH + e].x = min(corner.x * STEP_W + phase.first.x + x, last.x);
            a_place[u * EACH + e].y = min(down, u_grid.w - 1) * STEP_H + phase.first.y;
        }
        a_to[u] = ivec2(y / HIGH, ((a_input[u] * HIGH + y % HIGH) * STEP_W + x % STEP_W) * PLANE + x / STEP_W);
    }
    int b_place[B_EACH];
    int b_input[B_EACH];
    ivec3 b_to[B_EACH];
    for (int u = 0; u < B_EACH; u++) {
        int unit = me + u * THREADS;
        int k = unit % ROWS, tile = unit / ROWS, cell = k / 4 % MOST_W;
        b_input[u] = k / (4 * MOST_W);
        b_place[u] = kernel_place(min(first_tile + tile, out_tiles - 1), 0, phase.base + min(cell, phase.count.x - 1)) + k % 4;
        b_to[u] = ivec3(k % 4, tile / THREADS_N, k / 4 * THREADS_N + tile % THREADS_N);
    }

    vec4 sum[THREAD_M * DEEP];
    for (int i = 0; i < THREAD_M * DEEP; i++) sum[i] = vec4(0.0);
#include "lib/few_copies.glsl"
    vec4 a_next[A_EACH * EACH];
    vec4 b_next[B_EACH];
    int a_mine = column / WORK_W * STEP_W * PLANE + column % WORK_W;

    int ty = from / steps_of_row;
    int j = from % steps_of_row * DEPTH;
    ivec2 origin = tile_origin(u_shape0, j);
    ivec2 q[A_EACH * EACH];
    bool used[A_EACH * EACH];
    bool new_row = true;

    // Step `from - 1` multiplies nothing; it only fetches the first pair.
    for (int step = from - 1; step < to; step++) {
        bool more = step + 1 < to;
        if (more) {
            if (new_row) {
                for (int u = 0; u < A_EACH * EACH; u++) {
                    q[u] = a_place[u] + ivec2(0, ty * SPACING_H);
                    used[u] = (A_UNITS % THREADS == 0 || me + u / EACH * THREADS < A_UNITS) && source(q[u]);
                }
            }
            ivec2 origins[DEPTH];
            for (int d = 0; d < DEPTH; d++) {
                origins[d] = origin;
                // Of a tile past the last something is fetched that nobody multiplies.
                if (j + d + 1 < inputs) origin = next_origin(u_shape0, origin);
            }
            for (int u = 0; u < A_EACH * EACH; u++) {
                given_origin = origins[0];
                for (int d = 1; d < DEPTH; d++) given_origin = a_input[u / EACH] == d ? origins[d] : given_origin;
                a_next[u] = vec4(0.0);
                if (used[u]) a_next[u] = input_value(j, q[u]);
            }
            int b_step = (j * CELLS + ty * phase.count.x) * 4;
            for (int u = 0; u < B_EACH; u++) {
                b_next[u] = u_kernel[b_place[u] + b_step + (DEPTH > 1 ? min(b_input[u], inputs - 1 - j) * CELLS * 4 : 0)];
            }
            j += DEPTH;
            new_row = j >= inputs;
            if (new_row) {
                ty++;
                j = 0;
                origin = ivec2(0);
            }
        }
        if (step >= from) {
            int a_from = (step & 1) * A_SIZE + a_mine;
            int b_from = (step & 1) * B_SIZE + row;
            int tiles = min(DEPTH, inputs - step % steps_of_row * DEPTH);
            for (int d = 0; d < (DEPTH > 1 ? tiles : 1); d++) {
                // Not unrolled, by a bound that compilers do not know: they would fetch the copies of all cells at once.
                for (int tx = 0; tx < phase.count.x; tx++) {
                    uint x = uint(tx * SPACING_W);
                    int a_at = a_from + d * HIGH * STEP_W * PLANE + int(x % STEP_W * PLANE + x / STEP_W);
                    int b_at = b_from + (d * MOST_W + tx) * THREADS_N;
#include "lib/multiply_copies.glsl"
                }
            }
#include "lib/sum_copies.glsl"
        }
        if (more) {
#include "lib/keep_copies.glsl"
        }
        barrier();
    }
#include "lib/all_copies.glsl"

    end(sum);
}
