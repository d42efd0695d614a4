// Four output channels of one tap of one input channel: the picture is in studio/ops/_backward/convolve.py.
#include "ops/conv2d.glsl"

vec4 texel(int tile, ivec2 p) {
    int i = p.y / KERNEL_SIZE_H;
    ivec2 tap = ivec2(p.x, p.y - i * KERNEL_SIZE_H) * ivec2(DILATION_W, DILATION_H) - ivec2(PADDING_W, PADDING_H);
    vec4 sum = vec4(0.0);
#if GROUPS > 1
    // Channels of one texel may be of several groups, which read different inputs.
    int inputs = u_shape.y / KERNEL_SIZE_H, outputs = u_shape.x / GROUPS;
    ivec4 channel = (ivec4(tile * 4) + ivec4(0, 1, 2, 3)) / outputs * inputs + i;
#endif
    for (int y = 0; y < u_shape1.y; y++) {
        vec4 row = vec4(0.0);
        for (int x = 0; x < u_shape1.z; x++) {
            ivec2 q = ivec2(x, y) * ivec2(STRIDE_W, STRIDE_H) + tap;
            if (!source(q)) continue;
#if GROUPS > 1
            vec4 read_there = vec4(0.0);
            for (int lane = 0; lane < 4; lane++) {
                if (channel[lane] < u_shape0.x) read_there[lane] = read0(channel[lane] / 4, q)[channel[lane] % 4];
            }
            row += read1(tile, ivec2(x, y)) * read_there;
#else
            row += read1(tile, ivec2(x, y)) * read0(i / 4, q)[i % 4];
#endif
        }
        sum += row;
    }
    return sum;
}
