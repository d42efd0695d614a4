// A convolution as a compute shader: each invocation makes a block of PIXELS pixels × OUT_TILES tiles in registers,
// so that a kernel texel is fetched once for PIXELS pixels and an input texel once for 4 * OUT_TILES channels.
//
// The pixels of a block lie STEP apart, so that in a transposed convolution of that stride all of them use the same
// taps (one phase):          STEP = 2, PIXELS = 4:   block 0 -> x = 0 2 4 6,   block 1 -> x = 1 3 5 7

layout(local_size_x = 8, local_size_y = 8) in;
layout(rgba32f, binding = 0) writeonly uniform image2D u_output;

void main() {
    int block = int(gl_GlobalInvocationID.x);
    int y = int(gl_GlobalInvocationID.y);
    int tile = int(gl_GlobalInvocationID.z) * OUT_TILES;
    int x = (block / STEP) * (PIXELS * STEP) + block % STEP;
    if (x >= u_shape.z || y >= u_shape.y) return;

    vec4 sum[PIXELS * OUT_TILES];
    for (int o = 0; o < OUT_TILES; o++) {
        vec4 bias = vectors(0, tile + o);
        for (int i = 0; i < PIXELS; i++) sum[o * PIXELS + i] = bias;
    }
    int first = first_input_tile(tile);
    int count = input_tiles(first);
    ivec2 start = first_tap(ivec2(x, y));
    for (int ky = start.y; ky < KERNEL_SIZE_H; ky += TAP_STEP_H) {
        for (int kx = start.x; kx < KERNEL_SIZE_W; kx += TAP_STEP_W) {
            ivec2 q[PIXELS];
            bool read[PIXELS];
            bool any_read = false;
            for (int i = 0; i < PIXELS; i++) {
                read[i] = x + i * STEP < u_shape.z && source(ivec2(x + i * STEP, y), ivec2(kx, ky), q[i]);
                any_read = any_read || read[i];
            }
            if (!any_read) continue;
            int tap = ky * KERNEL_SIZE_W + kx;
            for (int j = 0; j < count; j++) {
                vec4 value[PIXELS];
                for (int i = 0; i < PIXELS; i++) value[i] = read[i] ? input_value(first + j, q[i]) : vec4(0.0);
                for (int o = 0; o < OUT_TILES; o++) {
                    ivec2 at = kernel_place(tile + o, j, tap);
                    vec4 k0 = texelFetch(u_kernel, at, 0);
                    vec4 k1 = texelFetch(u_kernel, at + ivec2(1, 0), 0);
                    vec4 k2 = texelFetch(u_kernel, at + ivec2(2, 0), 0);
                    vec4 k3 = texelFetch(u_kernel, at + ivec2(3, 0), 0);
                    for (int i = 0; i < PIXELS; i++) {
                        vec4 v = value[i];
                        sum[o * PIXELS + i] += k0 * v.x + k1 * v.y + k2 * v.z + k3 * v.w;
                    }
                }
            }
        }
    }
    for (int o = 0; o < OUT_TILES; o++) {
        if ((tile + o) * 4 >= u_shape.x) break;
        ivec2 origin = tile_origin(u_shape, tile + o);
        for (int i = 0; i < PIXELS; i++) {
            if (x + i * STEP >= u_shape.z) break;
            vec4 texel = mix(vec4(0.0), sum[o * PIXELS + i], live_lanes(u_shape, tile + o));
            imageStore(u_output, origin + ivec2(x + i * STEP, y), texel);
        }
    }
}
