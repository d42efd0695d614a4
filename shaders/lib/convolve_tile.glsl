// A convolution as a product of matrices: (output pixels of one phase) × (input channels and cells), times
// (input channels and cells) × (output channels). A workgroup makes TILE_M pixels × TILE_N channels, TILE_K rows of the
// long axis at a time, from copies in shared memory; a thread makes THREAD_M × THREAD_N of them in registers.
//
//                      k = 4 * (input tile * cells + cell) + lane
//       s_a[k/4][i]    vec4 of the four lanes of pixel i: a texel as it is read
//       s_b[k][n]      vec4 of the channels of output tile n; the row is one vec4 longer, off the next one's banks
//
// Threads side by side read, multiply and store pixels side by side.
//
// While one pair of copies is multiplied, the next is on its way in registers. Small maps have too few workgroups to
// fill a GPU: SPLIT_K shares the long axis among u_grid.x workgroups, and lib/convolve_sum.glsl adds their parts up.
//
// u_grid = (parts of the long axis, columns of workgroups along N, pixels of a phase across, down)
#include "lib/taps.glsl"
#include "lib/kernel.glsl"
#ifdef SPLIT_K
#include "lib/parts.glsl"
#endif

#define THREADS_M (TILE_M / THREAD_M)
#define THREADS_N (TILE_N / THREAD_N)
#define K4 (TILE_K / 4)
#define A_UNITS (TILE_M * K4)
#define A_EACH ((A_UNITS + THREADS - 1) / THREADS)
#define B_WIDE (TILE_N / 4)
#define B_PITCH (B_WIDE + 1)
#define B_UNITS (B_WIDE * TILE_K)
#define B_EACH ((B_UNITS + THREADS - 1) / THREADS)
#define DEEP (THREAD_N / 4)

#pragma optionNV(unroll all)

layout(local_size_x = THREADS) in;

shared vec4 s_a[2 * A_UNITS];
shared vec4 s_b[2 * TILE_K * B_PITCH];

int me = int(gl_LocalInvocationIndex);
int group = int(gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x);
int part = int(gl_WorkGroupID.z) % u_grid.x;
ivec2 turn = ivec2(int(gl_WorkGroupID.z) / u_grid.x % PHASES_W, int(gl_WorkGroupID.z) / u_grid.x / PHASES_W);
int first_pixel = group / u_grid.y * TILE_M;
int first_tile = group % u_grid.y * B_WIDE;

ivec2 place_of(int pixel) {
    return ivec2(pixel % u_grid.z, pixel / u_grid.z);
}

ivec2 row_of(int k4, int cells) {
    return cells > 0 ? ivec2(k4 / cells, k4 % cells) : ivec2(k4, 0);
}

ivec2 next_row(ivec2 row, ivec2 stride, int cells) {
    row += stride;
    return row.y >= cells && cells > 0 ? ivec2(row.x + 1, row.y - cells) : row;
}

void main() {
    int pixels = u_grid.z * u_grid.w;
    if (first_pixel >= pixels) return;
    Phase phase = phase_at(turn);
    int cells = phase.count.x * phase.count.y;
    int inputs = u_kernel_layout.x;
    int out_tiles = (u_shape.x + 3) / 4;

    int steps = (inputs * cells * 4 + TILE_K - 1) / TILE_K;
    int from = steps * part / u_grid.x;
    int to = steps * (part + 1) / u_grid.x;

    // Input tile and cell of every row that this thread copies, carried along: a division costs twenty instructions.
    ivec2 stride = cells > 0 ? ivec2(K4 / cells, K4 % cells) : ivec2(1, 0);
    ivec2 a_row[A_EACH];
    ivec2 corner[A_EACH];
    for (int u = 0; u < A_EACH; u++) {
        int unit = me + u * THREADS;
        a_row[u] = row_of(from * K4 + unit / TILE_M, cells);
        corner[u] = place_of(min(first_pixel + unit % TILE_M, pixels - 1)) * STEP + phase.first;
    }
    ivec2 b_row = row_of(from * K4 + me % TILE_K / 4, cells);

    vec4 sum[THREAD_M * DEEP];
    for (int i = 0; i < THREAD_M * DEEP; i++) sum[i] = vec4(0.0);
    vec4 a_next[A_EACH];
    vec4 b_next[B_EACH];
    int column = me % THREADS_M;
    int row = me / THREADS_M;

    // Step `from - 1` multiplies nothing; it only fetches the first pair.
    for (int step = from - 1; step < to; step++) {
        bool more = step + 1 < to;
        if (more) {
            for (int u = 0; u < A_EACH; u++) {
                int j = a_row[u].x;
                int ty = quotient(a_row[u].y, phase.count.x);
                ivec2 offset = ivec2(a_row[u].y - ty * phase.count.x, ty) * SPACING;
                bool used = j < inputs && (A_UNITS % THREADS == 0 || me + u * THREADS < A_UNITS);
                ivec2 q = corner[u] + offset;
                a_next[u] = used && source(q) ? input_value(j, q) : vec4(0.0);
                a_row[u] = next_row(a_row[u], stride, cells);
            }
            int b_from = kernel_place(first_tile + me / TILE_K, b_row.x, phase.base + b_row.y) + me % 4;
            for (int u = 0; u < B_EACH; u++) {
                int tile = first_tile + me / TILE_K + u * (THREADS / TILE_K);
                bool used = b_row.x < inputs && tile < out_tiles && (B_UNITS % THREADS == 0 || me + u * THREADS < B_UNITS);
                b_next[u] = used ? u_kernel[b_from + u * (THREADS / TILE_K) * inputs * CELLS * 4] : vec4(0.0);
            }
            b_row = next_row(b_row, stride, cells);
        }
        if (step >= from) {
            int a_from = (step & 1) * A_UNITS + column;
            int b_from = (step & 1) * TILE_K * B_PITCH + row;
            for (int k = 0; k < TILE_K; k += 4) {
                vec4 a[THREAD_M];
                for (int i = 0; i < THREAD_M; i++) a[i] = s_a[a_from + k / 4 * TILE_M + i * THREADS_M];
                for (int lane = 0; lane < 4; lane++) {
                    vec4 b[DEEP];
                    for (int n = 0; n < DEEP; n++) b[n] = s_b[b_from + (k + lane) * B_PITCH + n * THREADS_N];
                    for (int i = 0; i < THREAD_M; i++) {
                        for (int n = 0; n < DEEP; n++) sum[i * DEEP + n] += a[i][lane] * b[n];
                    }
                }
            }
        }
        if (more) {
            int a_to = (step + 1 & 1) * A_UNITS;
            int b_to = (step + 1 & 1) * TILE_K * B_PITCH;
            for (int u = 0; u < A_EACH; u++) {
                if (A_UNITS % THREADS == 0 || me + u * THREADS < A_UNITS) s_a[a_to + me + u * THREADS] = a_next[u];
            }
            for (int u = 0; u < B_EACH; u++) {
                int unit = me + u * THREADS;
                if (B_UNITS % THREADS != 0 && unit >= B_UNITS) break;
                s_b[b_to + unit % TILE_K * B_PITCH + unit / TILE_K] = b_next[u];
            }
        }
        memoryBarrierShared();
        barrier();
    }

    for (int i = 0; i < THREAD_M; i++) {
        int pixel = first_pixel + column + i * THREADS_M;
        ivec2 p = place_of(pixel) * PHASES + turn;
        if (pixel >= pixels || p.x >= u_shape.z || p.y >= u_shape.y) continue;
        for (int n = 0; n < DEEP; n++) {
            int tile = first_tile + row + n * THREADS_N;
            if (tile >= out_tiles) continue;
#ifdef SPLIT_K
            u_parts[part_place(part, tile, p)] = sum[i * DEEP + n];
#else
            store(tile, p, sum[i * DEEP + n] + vectors(0, tile));
#endif
        }
    }
}
