#include "lib/channel.glsl"

float value(int channel, ivec2 p) {
    int across = channel / DOWNSCALE_FACTOR;
    ivec2 part = ivec2(channel - across * DOWNSCALE_FACTOR, across % DOWNSCALE_FACTOR);
    return value0(across / DOWNSCALE_FACTOR, p * DOWNSCALE_FACTOR + part);
}

#include "lib/lanes.glsl"
