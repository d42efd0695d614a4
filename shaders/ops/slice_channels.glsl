#include "lib/channel.glsl"

float value(int channel, ivec2 p) {
    return value0(START + channel, p);
}

#include "lib/lanes.glsl"
