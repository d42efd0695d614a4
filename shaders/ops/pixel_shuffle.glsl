#include "lib/channel.glsl"

float value(int channel, ivec2 p) {
    ivec2 q = p / UPSCALE_FACTOR, part = p - q * UPSCALE_FACTOR;
    return value0((channel * UPSCALE_FACTOR + part.y) * UPSCALE_FACTOR + part.x, q);
}

#include "lib/lanes.glsl"
