#include "lib/channel.glsl"

float value(int channel, ivec2 p) {
    // Pixel q of the output was read from q * size / count, rounded down.
    ivec2 size = u_shape.zy, count = u_shape0.zy;
    ivec2 from = (p * count + size - 1) / size, to = ((p + 1) * count + size - 1) / size;
    float sum = 0.0;
    for (int c = channel; c < u_shape0.x; c += u_shape.x) {
        for (int y = from.y; y < to.y; y++) {
            for (int x = from.x; x < to.x; x++) sum += value0(c, ivec2(x, y));
        }
    }
    return sum;
}

#include "lib/lanes.glsl"
