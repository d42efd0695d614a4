// What is said of a crop, added to what was said of the step's crops before it.
layout(local_size_x = 64) in;
layout(binding = 0) uniform sampler2D u_said_now;
layout(std430, binding = 3) buffer Said { float u_said[]; };
layout(std140, binding = 0) uniform Span { ivec4 u_told; };

void main() {
    int n = int(gl_LocalInvocationIndex);
    if (n >= u_told.x) return;
    float more = u_share * texelFetch(u_said_now, tile_origin(ivec4(u_told.x, 1, 1, u_told.y), n / 4), 0)[n % 4];
    u_said[n] = u_kept > 0.0 ? u_said[n] + more : more;
}
