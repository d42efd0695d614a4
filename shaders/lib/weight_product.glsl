// The gradient of a weight as a product of matrices: (output channels) × (pixels of g), times (pixels) × (input channels and
// taps). A workgroup makes WORK_M channels × WORK_N / 4 pairs of an input tile and a tap, WORK_K pixels at a time, from copies in
// shared memory; a thread makes 8 × 8 in registers, whose vectors are four output channels as they lie in the map.
//
//       s_g[pixel][m]      a texel of g: four output channels
//       s_x[pixel][n]      a texel of x: four input channels of the pair n
//
// While one pair of copies is multiplied, the next is on its way in registers. Where there are few channels, the pixels are
// shared among u_grid.x workgroups, whose parts are added up as those of convolutions are.
//
// u_grid = (parts of the pixels, columns of workgroups along N, pairs, where its parts begin)
// u_kernel_layout = (where its counts begin, 0, 0, 0)

#define THREADS_M (WORK_M / 8)
#define THREADS_N (WORK_N / 8)
#define A_UNITS (WORK_M / 4 * WORK_K)
#define B_UNITS (WORK_N / 4 * WORK_K)
#define TAPS (KERNEL_SIZE_H * KERNEL_SIZE_W)
#include "lib/workgroup.glsl"

shared vec4 s_g[2][WORK_K][WORK_M / 4 + 1];
shared vec4 s_x[2][WORK_K][WORK_N / 4 + 1];

int part = int(gl_WorkGroupID.z);
int first_tile = group / u_grid.y * (WORK_M / 4);
int first_pair = group % u_grid.y * (WORK_N / 4);
int column = me % THREADS_M;
int row = me / THREADS_M;

// Of a thread's texels the last number counts the lanes of a pair, then its pairs, then its output tiles.
#define THREAD_M 8
#define DEEP 2

ivec2 pair_place(int i) {
    int pair = first_pair + row + i / 4 * THREADS_N;
    int in_tile = pair / TAPS, tap = pair - in_tile * TAPS, channel = in_tile * 4 + i % 4;
    if (pair >= u_grid.z || channel >= u_shape0.x) return ivec2(-1);
    int ky = tap / KERNEL_SIZE_W;
    return ivec2(tap - ky * KERNEL_SIZE_W, channel * KERNEL_SIZE_H + ky);
}

#define OUTPUT_PLACE(i) pair_place(i)
#define OUTPUT_TILE(n) (first_tile + column + n * THREADS_M)
#define PHASES_W 1
ivec2 turn = ivec2(0);
#include "lib/convolve_end.glsl"

void main() {
    int pixels = u_shape1.y * u_shape1.z, tiles = (u_shape1.x + 3) / 4;
    int steps = (pixels + WORK_K - 1) / WORK_K;
    int from = steps * part / parts;
    int to = steps * (part + 1) / parts;

    ivec2 g_origin[A_EACH];
    bool g_live[A_EACH];
    for (int u = 0; u < A_EACH; u++) {
        int tile = first_tile + (me + u * THREADS) / WORK_K;
        g_live[u] = tile < tiles && (A_UNITS % THREADS == 0 || me + u * THREADS < A_UNITS);
        g_origin[u] = tile_origin(u_shape1, min(tile, tiles - 1));
    }
    ivec2 x_tap[B_EACH];
    ivec2 x_origin[B_EACH];
    bool x_live[B_EACH];
    for (int u = 0; u < B_EACH; u++) {
        int pair = first_pair + (me + u * THREADS) / WORK_K, last = min(pair, u_grid.z - 1);
        int in_tile = last / TAPS, tap = last - in_tile * TAPS, ky = tap / KERNEL_SIZE_W;
        x_live[u] = pair < u_grid.z && (B_UNITS % THREADS == 0 || me + u * THREADS < B_UNITS);
        x_tap[u] = ivec2(tap - ky * KERNEL_SIZE_W, ky) * ivec2(DILATION_W, DILATION_H) - ivec2(PADDING_W, PADDING_H);
        x_origin[u] = tile_origin(u_shape0, in_tile);
    }

    vec4 sum[THREAD_M * DEEP];
    for (int i = 0; i < THREAD_M * DEEP; i++) sum[i] = vec4(0.0);
    vec4 g_next[A_EACH];
    vec4 x_next[B_EACH];
    // Step `from - 1` multiplies nothing; it only fetches the first pair of copies.
    for (int step = from - 1; step < to; step++) {
        bool more = step + 1 < to;
        if (more) {
            int pixel = (step + 1) * WORK_K + me % WORK_K;
            int y = quotient(pixel, u_shape1.z);
            ivec2 p = ivec2(pixel - y * u_shape1.z, y);
            bool there = pixel < pixels;
            for (int u = 0; u < A_EACH; u++) {
                g_next[u] = vec4(0.0);
                if (there && g_live[u]) g_next[u] = texelFetch(u_input1, g_origin[u] + p, 0);
            }
            for (int u = 0; u < B_EACH; u++) {
                ivec2 q = p * ivec2(STRIDE_W, STRIDE_H) + x_tap[u];
                x_next[u] = vec4(0.0);
                if (there && x_live[u] && source(q)) x_next[u] = texelFetch(u_input0, x_origin[u] + q, 0);
            }
        }
        if (step >= from) {
            int some = min(WORK_K, pixels - step * WORK_K), now = step & 1;
            for (int k = 0; k < some; k++) {
                vec4 g[DEEP], x[2];
                for (int n = 0; n < DEEP; n++) g[n] = s_g[now][k][column + n * THREADS_M];
                for (int j = 0; j < 2; j++) x[j] = s_x[now][k][row + j * THREADS_N];
                for (int i = 0; i < THREAD_M; i++) {
                    for (int n = 0; n < DEEP; n++) sum[i * DEEP + n] += g[n] * x[i / 4][i % 4];
                }
            }
        }
        if (more) {
            int next = step + 1 & 1;
            for (int u = 0; u < A_EACH; u++) {
                int unit = me + u * THREADS;
                if (A_UNITS % THREADS == 0 || unit < A_UNITS) s_g[next][unit % WORK_K][unit / WORK_K] = g_next[u];
            }
            for (int u = 0; u < B_EACH; u++) {
                int unit = me + u * THREADS;
                if (B_UNITS % THREADS == 0 || unit < B_UNITS) s_x[next][unit % WORK_K][unit / WORK_K] = x_next[u];
            }
        }
        barrier();
    }
    end(sum);
}
