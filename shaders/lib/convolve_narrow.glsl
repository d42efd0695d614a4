// A convolution to few channels, in which a workgroup makes all phases of a rectangle of WORK_W × WORK_H places of one
// output tile. With so few channels it is what is read that costs, so each texel of the window that the rectangle sees
// is read once, for all cells and phases; a thread makes THREAD_M places, HIGH apart.
//
// A step is one input tile:
//
//       s_a[row][column]   a texel of the window
//       s_b[lane][cell]    the four output channels of an input channel and a cell, for all phases
//
// While one pair of copies is multiplied, the next is on its way in registers. The steps may be shared among u_grid.x
// workgroups.
//
// u_grid = (parts of the steps, output tiles, places across, down)
#include "lib/taps.glsl"
#include "lib/kernel.glsl"

#define HIGH (WORK_H / PLACES)
#define TURNS (PHASES_W * PHASES_H)
#define WIDE ((WORK_W - 1) * STEP_W + REACH_W)
#define TALL ((WORK_H - 1) * STEP_H + REACH_H)
#define A_UNITS (TALL * WIDE)
#define B_UNITS (CELLS * 4)
#include "lib/workgroup.glsl"

shared vec4 s_a[2 * A_UNITS];
shared vec4 s_b[4][2 * CELLS + 1];

int part = int(gl_WorkGroupID.z);
const ivec2 turn = ivec2(0);
int only_tile = group % u_grid.y;
int rectangles = (u_grid.z + WORK_W - 1) / WORK_W;
ivec2 corner = ivec2(group / u_grid.y % rectangles, group / u_grid.y / rectangles) * ivec2(WORK_W, WORK_H);
ivec2 mine = ivec2(me % WORK_W, me / WORK_W);

// Of the i-th place, in the turn'th phase.
ivec2 output_place(int turns, int i) {
    ivec2 place = corner + mine + ivec2(0, i * HIGH);
    ivec2 p = place * PHASES + ivec2(turns % PHASES_W, turns / PHASES_W);
    return all(lessThan(place, u_grid.zw)) && p.x < u_shape.z && p.y < u_shape.y ? p : ivec2(-1);
}

#define THREAD_M (TURNS * PLACES)
#define DEEP 1
#define OUTPUT_PLACE(i) output_place(i / PLACES, i % PLACES)
#define OUTPUT_TILE(n) only_tile
#include "lib/convolve_end.glsl"

void main() {
    if (corner.y >= u_grid.w) return;
    int inputs = u_kernel_layout.x;
    int from = inputs * part / parts;
    int to = inputs * (part + 1) / parts;

    // What this thread copies in every step. No place past the last is asked for.
    ivec2 q[A_EACH];
    bool used[A_EACH];
    ivec2 last = (u_grid.zw - 1) * STEP + ivec2(LOW_W + REACH_W, LOW_H + REACH_H) - 1;
    for (int u = 0; u < A_EACH; u++) {
        int unit = me + u * THREADS;
        q[u] = min(corner * STEP + ivec2(LOW_W + unit % WIDE, LOW_H + unit / WIDE), last);
        used[u] = (A_UNITS % THREADS == 0 || unit < A_UNITS) && source(q[u]);
    }
    int b_place = kernel_place(only_tile, 0, 0) + me;

    vec4 sum[THREAD_M];
    for (int i = 0; i < THREAD_M; i++) sum[i] = vec4(0.0);
    vec4 a_next[A_EACH];
    vec4 b_next[B_EACH];
    int a_mine = mine.y * STEP_H * WIDE + mine.x * STEP_W;
    given_origin = tile_origin(u_shape0, from);
    // Nothing, but compilers do not know: bounds that they know they unroll, and fetch the copies of all cells at once.
    int nothing = parts > 0 ? 0 : 1;

    // Step `from - 1` multiplies nothing; it only fetches the first pair.
    for (int step = from - 1; step < to; step++) {
        bool more = step + 1 < to;
        if (more) {
            for (int u = 0; u < A_EACH; u++) {
                a_next[u] = vec4(0.0);
                if (used[u]) a_next[u] = input_value(step + 1, q[u]);
            }
            for (int u = 0; u < B_EACH; u++) {
                bool held = B_UNITS % THREADS == 0 || me + u * THREADS < B_UNITS;
                b_next[u] = held ? u_kernel[b_place + (step + 1) * CELLS * 4 + u * THREADS] : vec4(0.0);
            }
            given_origin = next_origin(u_shape0, given_origin);
        }
        if (step >= from) {
            int a_from = (step & 1) * A_UNITS + a_mine;
            int b_from = (step & 1) * CELLS;
            for (int ry = 0; ry < PHASES_H; ry++) {
                for (int rx = 0; rx < PHASES_W; rx++) {
                    Phase phase = phase_at(ivec2(rx, ry));
                    for (int ty = 0; ty < phase.count.y + nothing; ty++) {
                        for (int tx = 0; tx < phase.count.x + nothing; tx++) {
                            int x = phase.first.x - LOW_W + tx * SPACING_W;
                            int y = phase.first.y - LOW_H + ty * SPACING_H;
                            int b_at = b_from + phase.base + ty * phase.count.x + tx;
                            vec4 a[PLACES];
                            for (int i = 0; i < PLACES; i++) a[i] = s_a[a_from + (y + i * HIGH * STEP_H) * WIDE + x];
                            for (int lane = 0; lane < 4; lane++) {
                                vec4 b = s_b[lane][b_at];
                                for (int i = 0; i < PLACES; i++) {
                                    sum[(ry * PHASES_W + rx) * PLACES + i] += a[i][lane] * b;
                                }
                            }
                        }
                    }
                }
            }
        }
        if (more) {
            int a_next_at = (step + 1 & 1) * A_UNITS;
            int b_next_at = (step + 1 & 1) * CELLS;
            for (int u = 0; u < A_EACH; u++) {
                if (A_UNITS % THREADS == 0 || me + u * THREADS < A_UNITS) s_a[a_next_at + me + u * THREADS] = a_next[u];
            }
            for (int u = 0; u < B_EACH; u++) {
                int unit = me + u * THREADS;
                if (B_UNITS % THREADS == 0 || unit < B_UNITS) s_b[unit % 4][b_next_at + unit / 4] = b_next[u];
            }
        }
        barrier();
    }
    end(sum);
}
