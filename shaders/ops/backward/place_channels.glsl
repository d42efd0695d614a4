#include "lib/channel.glsl"

float value(int channel, ivec2 p) {
    int from = channel - START;
    return from >= 0 && from < u_shape0.x ? value0(from, p) : 0.0;
}

#include "lib/lanes.glsl"
