// GLSL promises few digits of its own arcs. The smaller side over the larger is at most one, and is brought within an
// eighth of a half turn; there a polynomial has seven digits.
// Source: S. Moshier, Cephes mathematical library, atanf.c, 1992.

// The angle of the place (x, y), from -pi to pi.
float arc(float y, float x) {
    float up = abs(y), across = abs(x), most = max(up, across);
    float part = most == 0.0 ? 0.0 : up == across ? 1.0 : min(up, across) / most;
    bool far = part > 0.4142135623730950;
    float s = far ? (part - 1.0) / (part + 1.0) : part, q = s * s;
    float found = (((8.05374449538e-2 * q - 1.38776856032e-1) * q + 1.99777106478e-1) * q - 3.33329491539e-1) * q * s + s;
    found += far ? 0.7853981633974483 : 0.0;
    found = up > across ? 1.5707963267948966 - found : found;
    // Zeros have signs, too.
    found = floatBitsToInt(x) < 0 ? 3.141592653589793 - found : found;
    return floatBitsToInt(y) < 0 ? -found : found;
}
